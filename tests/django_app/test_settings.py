"""The setting `WXAUDIT`: what it may hold, what is said about the rest, and that tests can override it."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

import wxaudit
from wxaudit.django import _clients, _events, _settings, get_async_client, get_client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wxaudit.testing import FakeWeChat

PLATFORM = {"token": "spamtest", "encoding_aes_key": "a" * 43, "component_appid": "wx2c2769f8efd9abc2"}


def find_token(appid: str) -> str:
    return f"token-of-{appid}"


async def awaited(appid: str) -> str:
    return appid


def test_without_the_setting_only_the_token_source_is_missing(settings: Any) -> None:
    del settings.WXAUDIT
    assert _settings.read() == _settings.Settings()
    assert repr(get_client()) == "Client()"
    with pytest.raises(ImproperlyConfigured, match=r"WXAUDIT\['TOKEN_SOURCE'\] is not set"):
        _clients.token_source("wx1")
    with pytest.raises(ImproperlyConfigured, match=r"'EVENTS'\] has no token, encoding_aes_key, component"):
        _events.get_receiver()


@pytest.mark.parametrize("given", [find_token, f"{__name__}.find_token"], ids=["function", "path"])
def test_a_token_source_is_a_function_or_its_path(settings: Any, given: Any) -> None:
    settings.WXAUDIT = {"TOKEN_SOURCE": given}
    assert _clients.token_source("wx1") == wxaudit.Token("token-of-wx1")


def test_times_are_seconds_or_timedelta(settings: Any) -> None:
    settings.WXAUDIT = {
        "WATCH": {
            "PACE": [(60, 1), (timedelta(hours=1), timedelta(minutes=5)), (None, 600)],
            "LEASE": 90,
            "OVERDUE": timedelta(days=7),
            "RETENTION": None,
            "BATCH_SIZE": 50,
        }
    }
    watch = _settings.read().watch
    assert watch.pace[0] == (timedelta(minutes=1), timedelta(seconds=1))
    assert watch.pace[-1] == (None, timedelta(minutes=10))
    assert (watch.lease, watch.overdue) == (timedelta(seconds=90), timedelta(days=7))
    assert (watch.retention, watch.batch_size, watch.delivery_attempts) == (None, 50, 10)


def read_source() -> object:
    return _settings.read()


def read_client() -> object:
    return get_client()


def read_events() -> object:
    return _events.get_receiver()


WRONG: list[tuple[Any, Callable[[], object], str]] = [
    ([], read_source, "WXAUDIT must be a dict, got a list"),
    ({"WATCH": [1]}, read_source, r"WXAUDIT\['WATCH'\] must be a dict, got a list"),
    ({"CLIENT": None}, read_source, r"WXAUDIT\['CLIENT'\] must be a dict, got a NoneType"),
    ({"TOKENSOURCE": 1}, read_source, "unknown option 'TOKENSOURCE'. Did you mean 'TOKEN_SOURCE'"),
    ({"watch": {}}, read_source, "unknown option 'watch'. Did you mean 'WATCH'"),
    ({"WATCH": {"BATCHSIZE": 1}}, read_source, "unknown option 'BATCHSIZE'. Did you mean 'BATCH_SIZE'"),
    ({"WATCH": {"x": 1}}, read_source, "unknown option 'x'. It knows PACE, BATCH_SIZE, LEASE"),
    ({"WATCH": {"BATCH_SIZE": 0}}, read_source, "BATCH_SIZE must be at least 1, got 0"),
    ({"WATCH": {"LEASE": None}}, read_source, "LEASE must be a number of seconds or a timedelta, got None"),
    ({"WATCH": {"LEASE": 0.5}}, read_source, "LEASE must be at least 1 second, got 0.5"),
    ({"WATCH": {"PACE": 60}}, read_source, "PACE must be pairs of"),
    ({"WATCH": {"PACE": [(60, 60)]}}, read_source, "PACE must end with a pair whose age is None"),
    ({"WATCH": {"PACE": [(60, 60), (30, 9), (None, 9)]}}, read_source, "in the order of its ages"),
    ({"TOKEN_SOURCE": "no_such_module.find"}, read_source, "not import: No module named 'no_such_module'"),
    ({"TOKEN_SOURCE": f"{__name__}.no_such"}, read_source, 'does not define a "no_such" attribute'),
    ({"TOKEN_SOURCE": 5}, read_source, r"WXAUDIT\['TOKEN_SOURCE'\] must be callable, got 5"),
    ({"TOKEN_SOURCE": awaited}, read_source, "is a coroutine function, which nothing awaits"),
    ({"TOKEN_SOURCE": "92_abc-def"}, read_source, "is a str that looks like a token"),
    ({"TOKEN_SOURCE": {"wx1": "x"}}, read_source, "is a dict that looks like a token"),
    (
        {"CLIENT": {"timout": 1}},
        read_client,
        r"'CLIENT'\] has an unknown option 'timout'. Did you mean 'timeo",
    ),
    ({"CLIENT": {"timeout": -1}}, read_client, r"WXAUDIT\['CLIENT'\]: timeout must be more than 0"),
    ({"CLIENT": {"base_url": "http://api.weixin.qq.com"}}, read_client, "base_url: must be https"),
    ({"EVENTS": {"token": "x"}}, read_events, "has no encoding_aes_key, component_appid"),
    ({"EVENTS": {**PLATFORM, "encoding_key": 1}}, read_events, "Did you mean 'encoding_aes_key'"),
    ({"EVENTS": {**PLATFORM, "encoding_aes_key": "x"}}, read_events, r"'EVENTS'\]: encoding_aes_key must be"),
]


@pytest.mark.parametrize(("given", "read", "message"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_named(settings: Any, given: Any, read: Callable[[], object], message: str) -> None:
    settings.WXAUDIT = given
    with pytest.raises(ImproperlyConfigured, match=message):
        read()


def test_a_module_that_fails_is_the_cause(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "module_that_fails.py").write_text("raise KeyError('of the project')")
    monkeypatch.syspath_prepend(tmp_path)
    settings.WXAUDIT = {"TOKEN_SOURCE": "module_that_fails.find"}
    with pytest.raises(
        ImproperlyConfigured, match=r"raised KeyError\. Run python -c 'import module_"
    ) as caught:
        _settings.read()
    assert repr(caught.value.__cause__) == "KeyError('of the project')"


def test_overridden_settings_make_another_client(settings: Any) -> None:
    settings.WXAUDIT = {"CLIENT": {"max_retries": 1}}
    first = get_client()
    assert get_client() is first
    with override_settings(WXAUDIT={"CLIENT": {"max_retries": 5}}):
        assert repr(get_client()) == "Client(max_retries=5)"
        assert repr(get_async_client()) == "AsyncClient(max_retries=5)"
    assert repr(get_client()) == "Client(max_retries=1)"
    assert get_client() is not first


def test_threads_get_the_same_client(settings: Any) -> None:
    settings.WXAUDIT = {"CLIENT": {}}
    got: list[object] = []
    together = threading.Barrier(16)

    def get() -> None:
        together.wait()
        got.append(get_client())
        got.append(get_async_client())

    threads = [threading.Thread(target=get) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 32
    assert set(got) == {get_client(), get_async_client()}


def test_a_proxy_may_be_a_token(settings: Any) -> None:
    settings.WXAUDIT = {"CLIENT": {"proxy": wxaudit.Token("http://user:password@proxy.example:3128")}}
    assert repr(get_client()) == "Client(proxy='***')"


def test_the_client_asks(settings: Any, fake: FakeWeChat) -> None:
    settings.WXAUDIT = {"TOKEN_SOURCE": fake.token_source, "CLIENT": {"base_url": fake.base_url}}
    audit = fake.submit("wx1")
    answer = get_client().get_audit_status(_clients.token_source("wx1"), audit.auditid, appid="wx1")
    assert (answer.auditid, answer.appid) == (audit.auditid, "wx1")
