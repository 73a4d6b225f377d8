"""What completion and hover show: what is public, and for each method its parameters."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
import wxaudit.events
import wxaudit.otel
import wxaudit.testing

if TYPE_CHECKING:
    from types import ModuleType

METHODS = [name for name in dir(wxaudit.AsyncClient) if not name.startswith("_")]


@pytest.mark.parametrize(
    "module", [wxaudit, wxaudit.events, wxaudit.otel, wxaudit.testing], ids=lambda module: module.__name__
)
def test_modules_show_what_is_public(module: ModuleType) -> None:
    shown = dir(module)
    submodules = {"django", "events", "otel", "testing"} if module is wxaudit else set()
    assert set(module.__all__) <= set(shown) <= {*module.__all__, *submodules}
    for name in shown:
        getattr(module, name)


@pytest.mark.parametrize("kind", [wxaudit.Client, wxaudit.AsyncClient])
def test_clients_show_what_is_public(kind: Any) -> None:
    assert [name for name in dir(kind()) if not name.startswith("_")] == [
        "close",
        "explain",
        "get_audit_status",
        "get_audit_statuses",
        "get_latest_audit_status",
        "get_screenshot",
        "get_screenshots",
        "iter_audit_statuses",
        "quota",
        "unblock_quota",
        "wait_for_decision",
        "wait_for_decisions",
    ]


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (wxaudit.Timeout, "connect read total"),
        (wxaudit.Quota, "component_rate_limit daily_limit rate_limit remain used"),
        (
            wxaudit.RequestTrace,
            "client_ip cost_in_ms invoked_at request_body request_url response_body rid",
        ),
        (wxaudit.AuditResult, "appid attempts auditid error index ok status unwrap"),
    ],
)
def test_values_show_what_is_public(kind: type, names: str) -> None:
    assert [name for name in dir(kind) if not name.startswith("_")] == names.split()


@pytest.mark.parametrize("method", METHODS)
def test_hover_over_the_asyncio_client_explains_each_parameter(method: str) -> None:
    function = getattr(wxaudit.AsyncClient, method)
    explained = set(re.findall(r"`(\w+)`", inspect.getdoc(function) or ""))
    parameters = set(inspect.signature(function).parameters) - {"self"}
    assert parameters <= explained | ({"token"} if method == "quota" else set())
    # The same parameters as the blocking twin.
    assert list(inspect.signature(function).parameters) == list(
        inspect.signature(getattr(wxaudit.Client, method)).parameters
    )
