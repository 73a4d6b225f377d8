"""What an error tells its reader: the message that says what and where, and the hint that says what to do."""

from __future__ import annotations

import pickle
import unicodedata
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

import wxaudit
from wxaudit._errors import tree
from wxaudit._errors.errcode_hints import ERRCODE_HINTS
from wxaudit._errors.hints import KIND_HINTS
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat

RID = "637accc2-7d67c301-4ae3af4b"
# Every errcode that the interface is known to answer.
DOCUMENTED = [
    -1, 40001, 40007, 40013, 40014, 40066, 40097, 40164, 41001, 42001, 42002, 42007, 43001, 43002,
    43003, 44002, 45009, 45011, 45035, 47001, 48001, 48004, 48017, 50002, 61003, 61004, 61007,
    61014, 61015, 61016, 61023, 61024, 76001, 76003, 85012, 85058, 86000, 86001,
]  # fmt: skip


def test_message_says_what_happened_where_and_what_to_do() -> None:
    error = tree.api_error(
        85012, f"invalid audit id rid: {RID}", RID, auditid=441617767, appid="wx01", attempts=1
    )
    assert type(error) is wxaudit.AuditNotFoundError
    assert str(error) == f"85012 invalid audit id (rid: {RID}) for audit 441617767 of wx01. {error.hint}"
    assert (error.errcode, error.errmsg, error.rid) == (85012, f"invalid audit id rid: {RID}", RID)
    assert (error.auditid, error.appid, error.attempts) == (441617767, "wx01", 1)


@pytest.mark.parametrize(
    ("errmsg", "rid", "start"),
    [
        ("invalid audit id", None, "85012 invalid audit id. "),
        ("invalid audit id hint: [0822e622]", None, "85012 invalid audit id hint: [0822e622]. "),
        (f"api unauthorized, rid: {RID}", RID, f"85012 api unauthorized (rid: {RID}). "),
        ("access_token missing rid: ", None, "85012 access_token missing. "),
        (f"no rid: here rid: {RID}", RID, f"85012 no rid: here (rid: {RID}). "),
        ("told of another rid: 1-2-3", RID, f"85012 told of another rid: 1-2-3 (rid: {RID}). "),
        (f" rid: {RID}", RID, f"errcode 85012 (rid: {RID}). "),
        ("", None, "errcode 85012. "),
        ("系统错误。", None, "85012 系统错误. "),
    ],
)
def test_trailers_of_errmsg_are_said_once(errmsg: str, rid: str | None, start: str) -> None:
    error = tree.api_error(85012, errmsg, rid)
    assert str(error) == start + error.hint
    assert error.errmsg == errmsg


def test_message_names_what_it_knows() -> None:
    assert " for audit 5. " in str(tree.api_error(-1, "system error", None, auditid=5))
    assert " for wx01. " in str(tree.api_error(-1, "system error", None, appid="wx01"))
    assert " for audit 5 of wx01, after 3 attempts. " in str(
        tree.api_error(-1, "system error", None, auditid=5, appid="wx01", attempts=3)
    )


def test_quota_message_says_when_to_come_back() -> None:
    midnight = datetime(2026, 11, 24, 16, tzinfo=timezone.utc)
    sent = tree.api_error(45009, "reach max api daily quota limit", None, auditid=5, retry_at=midnight)
    assert str(sent).startswith(
        "45009 reach max api daily quota limit for audit 5; next call at 2026-11-25 00:00:00+08:00. "
    )
    assert isinstance(sent, wxaudit.DayQuotaError)
    assert sent.retry_at == midnight
    gated = tree.api_error(45011, "api minute-quota reach limit", None, attempts=0, retry_at=midnight)
    assert "; nothing was sent; next call at " in str(gated)
    # Other errors have no moment to come back.
    assert not hasattr(tree.api_error(85012, "invalid audit id", None, retry_at=midnight), "retry_at")


HOSTILE = "\x1b[31mred\x1b[0m\r\nforged: line\t\u202egnp.exe\u2066\u2069\u200e\u200f\u061c\ud800\x00\x7f\x9b"


def test_hostile_errmsg_cannot_touch_a_terminal_or_forge_a_line() -> None:
    error = tree.api_error(99999, HOSTILE, None, appid="wx\n01")
    for text in (str(error), repr(error), error.message, str(wxaudit.APIError(HOSTILE))):
        assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
        text.encode("utf-8")
    assert "\\x1b[31mred\\x1b[0m\\r\\nforged: line\\t\\u202egnp.exe\\u2066\\u2069" in str(error)
    assert error.errmsg == HOSTILE
    assert error.appid == "wx\n01"


def test_percent_signs_and_braces_stay_as_they_are() -> None:
    error = tree.api_error(99999, "100%s {0} {error} <script>", None)
    assert str(error).startswith("99999 100%s {0} {error} <script>. ")


def test_an_endless_errmsg_makes_no_endless_message() -> None:
    error = tree.api_error(99999, "坏" * 100_000 + "\x1b", None, auditid=7)
    assert error.message.count("坏") == 299
    assert "坏… for audit 7. " in error.message
    assert len(error.errmsg) == 100_001


def test_any_failure_is_told_the_same_way() -> None:
    error = tree.make_error(
        wxaudit.HTTPStatusError, "HTTP 502 from api.weixin.qq.com.", auditid=5, attempts=3, http_status=502
    )
    assert str(error) == f"HTTP 502 from api.weixin.qq.com for audit 5, after 3 attempts. {error.hint}"
    assert (error.http_status, error.retryable) == (502, True)


def test_rejection_names_the_first_reason() -> None:
    text = "1:账号信息\x1b不符合规范:<br>(1):包含色情因素<br>2:服务类目不一致:<br>(1):标签不相关<br>"
    audit = wxaudit.AuditStatus(441617767, 1, text, appid="wx01")
    error = tree.review_rejected(audit)
    assert str(error) == (
        "review rejected: 账号信息\\x1b不符合规范 (and 1 more) for audit 441617767 of wx01. " + error.hint
    )
    assert error.audit == audit
    assert (error.auditid, error.appid) == (441617767, "wx01")


def test_rejection_without_reason_says_so() -> None:
    error = tree.review_rejected(wxaudit.AuditStatus(5, 1))
    assert str(error) == f"review rejected without a reason for audit 5. {error.hint}"


def test_raise_for_rejection_raises_for_a_rejection_alone() -> None:
    rejected = wxaudit.AuditStatus(5, 1, "1:标题:<br>")
    with pytest.raises(wxaudit.ReviewRejected, match="标题") as caught:
        rejected.raise_for_rejection()
    assert caught.value.audit == rejected
    for status in (0, 2, 3, 4, 7):
        audit = wxaudit.AuditStatus(5, status, "1:标题:<br>")
        assert audit.raise_for_rejection() is audit


@pytest.mark.parametrize("errcode", DOCUMENTED)
def test_each_documented_errcode_has_its_own_hint(errcode: int) -> None:
    error = tree.api_error(errcode, "text", None)
    fallback = wxaudit.APIError("text", errcode=99999)
    assert error.hint != fallback.hint
    assert error.hint_zh != fallback.hint_zh
    assert str(error).endswith(error.hint)


def test_no_two_errcodes_share_a_hint() -> None:
    assert sorted(ERRCODE_HINTS) == sorted(DOCUMENTED)
    assert len({hint.english for hint in ERRCODE_HINTS.values()}) == len(DOCUMENTED)
    assert len({hint.chinese for hint in ERRCODE_HINTS.values()}) == len(DOCUMENTED)


OTHERS = [
    wxaudit.ArgumentError("x"),
    wxaudit.TransportError("x"),
    wxaudit.RequestTimeout("x"),
    wxaudit.DecodeError("x"),
    wxaudit.WaitTimeout("x"),
    wxaudit.ReviewRejected(
        "x", audit=wxaudit.AuditStatus(5, 1, observed_at=datetime(2026, 11, 1, tzinfo=timezone.utc))
    ),
    wxaudit.TokenError("the source raised"),
    wxaudit.QuotaError("x"),
    wxaudit.APIError("x", errcode=99999),
    wxaudit.WxAuditError("x"),
    *(wxaudit.HTTPStatusError("x", http_status=status) for status in (412, 407, 302, 502, 404)),
]


def test_each_other_kind_has_its_own_hint() -> None:
    assert len({error.hint for error in OTHERS}) == len({error.hint_zh for error in OTHERS}) == len(OTHERS)
    for status in (408, 429, 500, 503, 504):
        assert (
            wxaudit.HTTPStatusError("x", http_status=status).hint
            == wxaudit.HTTPStatusError("x", http_status=502).hint
        )


@pytest.mark.parametrize(
    "error", [*(tree.api_error(errcode, "text", None) for errcode in DOCUMENTED), *OTHERS], ids=repr
)
def test_hints_are_one_whole_sentence_in_each_language(error: wxaudit.WxAuditError) -> None:
    english, chinese = error.hint, error.hint_zh
    assert english.isascii()
    assert english[0].isupper()
    assert english.endswith(".")
    assert ". " not in english
    assert chinese.endswith("。")
    assert chinese.count("。") == 1
    assert any("\u4e00" <= c <= "\u9fff" for c in chinese)
    for text in (english, chinese):
        assert not [mark for mark in ("{", "}", "%s", "TODO", "XXX", "  ") if mark in text]
        assert "," not in chinese.replace("(token, error)", "")
        assert len(text) <= 260


@pytest.mark.parametrize(
    ("errcode", "english", "chinese"),
    [
        (85012, "submit_audit", "审核单 id"),
        (61007, "permission set 18", "权限集 18"),
        (48001, "permission set 18", "权限集 18"),
        (61003, "authorize again through your authorization page", "重新授权"),
        (61004, "IP whitelist", "IP 白名单"),
        (40164, "IP whitelist", "IP 白名单"),
        (45035, "IP whitelist", "IP 白名单"),
        (45009, "client.quota(token)", "client.quota(token)"),
        (40066, "no proxy rewrites paths", "微信无法识别该请求路径"),
        (99999, "client.explain(token, error)", "client.explain(token, error)"),
        (45011, "60 seconds", "60 秒"),
        (42001, "7200 seconds", "7200 秒"),
        (86000, "component_access_token", "第三方平台"),
    ],
)
def test_hints_name_the_thing_to_act_on(errcode: int, english: str, chinese: str) -> None:
    error = tree.api_error(errcode, "text", None)
    assert english in error.hint
    assert chinese in error.hint_zh


@pytest.mark.parametrize(
    ("method", "arguments"), [("get_screenshot", ("m",)), ("quota", ()), ("explain", (RID,))]
)
def test_what_is_not_an_answer_says_nothing_about_an_audit(
    client_kind: ClientKind, fake: FakeWeChat, method: str, arguments: tuple[str, ...]
) -> None:
    fake.fail_next(Fault(body=b"<html>login</html>"))
    with pytest.raises(wxaudit.DecodeError) as caught:
        client_kind.client(fake).call(method, fake.token(), *arguments)
    assert "audit" not in caught.value.hint
    assert "审核" not in caught.value.hint_zh


@pytest.mark.parametrize("lang", ["zh", "zh-CN", "zh_CN.UTF-8"])
def test_messages_end_with_the_chinese_hint_where_the_environment_says_so(
    client_kind: ClientKind, fake: FakeWeChat, monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    auditid = fake.submit().auditid
    caller = client_kind.client(fake, max_retries=0)
    fake.fail_next(Fault(errcode=45009, errmsg="reach max api daily quota limit"))
    monkeypatch.setenv("WXAUDIT_LANG", lang)
    with pytest.raises(wxaudit.DayQuotaError) as caught:
        caller.get_audit_status(fake.token(), auditid)
    error = caught.value
    assert str(error).startswith(f"45009 reach max api daily quota limit for audit {auditid}; next call at ")
    assert str(error).endswith(f". {error.hint_zh}")
    assert error.hint not in str(error)
    assert error.hint.isascii()
    [of_batch] = caller.get_audit_statuses([("a-token-of-nobody", auditid)]).errors
    assert str(of_batch).endswith(f". {of_batch.hint_zh}")
    # The message is made once: where it is read, another language may be set.
    monkeypatch.delenv("WXAUDIT_LANG")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) == error.message
    with pytest.raises(wxaudit.TokenError) as caught_in_english:
        caller.get_audit_status("a-token-of-nobody", auditid)
    assert str(caught_in_english.value).endswith(f". {caught_in_english.value.hint}")


@pytest.mark.parametrize("lang", ["", "en", "en-US", "fr", "zhuang"])
def test_messages_are_english_otherwise(monkeypatch: pytest.MonkeyPatch, lang: str) -> None:
    monkeypatch.setenv("WXAUDIT_LANG", lang)
    error = tree.api_error(85012, "invalid audit id", None)
    assert str(error) == f"85012 invalid audit id. {error.hint}"


def test_a_table_shows_each_hint_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WXAUDIT_LANG", "zh")
    error = tree.api_error(85012, "invalid audit id", None, auditid=5)
    shown = wxaudit.AuditBatch([wxaudit.AuditResult(5, error=error)])._repr_html_()
    assert shown.count(error.hint_zh[:20]) == 1


@pytest.mark.parametrize(
    ("message", "place"),
    [
        ("TLS with localhost at 127.0.0.1:1 failed: the certificate has expired", "ca_file="),
        ("cannot connect to 127.0.0.1:9: connection refused", "firewall"),
    ],
)
def test_hint_of_a_network_error_by_its_kind(message: str, place: str) -> None:
    error = tree.make_error(wxaudit.TransportError, message, auditid=5, tried=3)
    assert str(error) == f"{message} (audit 5, 3 attempts). {error.hint}"
    assert place in error.hint


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("proxy", "cannot connect to the proxy 10.0.0.1:3128: connection refused"),
        ("proxy", "cannot look up the host name of the proxy proxy.example: name or service not known"),
        (
            "proxy",
            "cannot connect to api.weixin.qq.com:443 through the proxy 10.0.0.1:3128: unreachable",
        ),
        ("tls", "TLS with the proxy 10.0.0.1:3128 failed: the server's certificate has expired"),
        (
            "tls",
            "TLS with api.weixin.qq.com through the proxy 10.0.0.1:3128 failed: the certificate has expired",
        ),
        ("TransportError", "cannot look up the host name api.weixin.qq.com: name or service not known"),
        (
            "TransportError",
            "no answer from api.weixin.qq.com through the proxy 10.0.0.1:3128: connection reset",
        ),
    ],
)
def test_the_hint_of_a_network_error_is_about_what_failed(case: str, message: str) -> None:
    error = pickle.loads(pickle.dumps(wxaudit.TransportError(message)))
    assert (error.hint, error.hint_zh) == KIND_HINTS[case]


@pytest.mark.parametrize(
    ("case", "doing"),
    [
        ("proxy", "connecting to the proxy 10.0.0.1:3128"),
        ("proxy", "looking up the host name of the proxy proxy.example"),
        ("proxy", "connecting to api.weixin.qq.com:443 through the proxy 10.0.0.1:1080"),
        ("proxy", "TLS with the proxy 10.0.0.1:3128"),
        ("RequestTimeout", "connecting to api.weixin.qq.com at 203.0.113.1:443"),
        ("RequestTimeout", "waiting for the answer from api.weixin.qq.com through the proxy 10.0.0.1:3128"),
    ],
)
def test_the_hint_of_a_timeout_is_about_what_took_so_long(case: str, doing: str) -> None:
    error = wxaudit.RequestTimeout(f"no answer within 5 s (total limit; {doing})")
    assert (error.hint, error.hint_zh) == KIND_HINTS[case]
