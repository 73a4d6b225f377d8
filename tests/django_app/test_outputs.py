"""No secret is in what a Django project shows when something fails: error pages, the log, Sentry's events."""

from __future__ import annotations

import json
import subprocess

import pytest

from secrecy.canary import PASSWORD, TOKEN, find
from support.programs import command, environment
from support.push_platform import KEY
from support.push_platform import TOKEN as PLATFORM_TOKEN
from wxaudit.testing import Fault

SECRETS = {
    "token": TOKEN.text(),
    "key": KEY,
    "platform token": "platform-token-zQx7J",
    "password": PASSWORD.text(),
}
# Those without a canary of their own, and their forms in JSON and HTML, which are the same.
PLAIN = (KEY, SECRETS["platform token"])


@pytest.fixture(scope="module")
def outputs() -> dict[str, list[str]]:
    from wxaudit.testing import FakeWeChat

    with FakeWeChat() as fake:
        refused = Fault(errcode=40001, errmsg=f"invalid credential, access_token {TOKEN.text()} is invalid")
        fake.fail_next(refused, times=None)
        given = json.dumps({"secrets": SECRETS, "base_url": fake.base_url})
        done = subprocess.run(
            command("django_outputs", flags=("-X", "dev")),
            input=given,
            capture_output=True,
            text=True,
            env=environment(),
            timeout=200,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def leaks(texts: list[str]) -> list[str]:
    plain = [f"{secret[:8]}…" for secret in PLAIN for text in texts if secret in text]
    return [*find(texts), *plain]


def test_nothing_that_fails_shows_a_secret(outputs: dict[str, list[str]]) -> None:
    assert len(outputs) == 15
    found = {case: leaks(texts) for case, texts in outputs.items()}
    assert {case: leaked for case, leaked in found.items() if leaked} == {}
    sizes = {case: sum(map(len, texts)) for case, texts in outputs.items()}
    print(f"searched {sum(sizes.values())} characters of {len(outputs)} failures")


def test_the_outputs_are_those_of_the_failures(outputs: dict[str, list[str]]) -> None:
    """The search would find nothing in nothing."""
    for case, texts in outputs.items():
        text = "\n".join(texts)
        assert "wxaudit" in text, case
        assert "stacktrace" in text, case
        assert '"vars"' in text, case
    assert "ImproperlyConfigured" in "\n".join(outputs["a long key"])
    assert "Exception Value" in "\n".join(outputs["a refused token"])


def test_the_search_finds_a_planted_secret() -> None:
    for secret in SECRETS.values():
        assert leaks([f"locals: {json.dumps(secret)}"])
    assert PLATFORM_TOKEN not in PLAIN
