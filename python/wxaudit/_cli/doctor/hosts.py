"""Check the hosts that calls go to, side by side."""

from __future__ import annotations

import queue
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from ..._client import Client
from ..._errors.tree import APIError, HTTPStatusError, TransportError, WxAuditError
from ..._escape import escape_controls
from ..._native import Token
from ..errors import advice
from ..exit_codes import ExitCode
from ..language import text
from . import certificate, exchange, tunnel
from .check import Check, failed, of_failure, ok, phase, skipped, warning

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from .proxies import Proxy, Target

# Seconds.
_LOOKUP_LIMIT = 5
_EXCHANGE_LIMIT = 10
_SLOW = 2.0
_CLOCK_TOLERANCE = 60
_DAYS_BEFORE_EXPIRY = 14

# WeChat answers it with 40014: that it answers is what counts here.
_NO_TOKEN = "wxaudit-doctor"  # noqa: S105  # not a token
_NO_AUDIT = 1
_RETIRED_ADDRESS = 48017


def check(
    targets: Sequence[Target], proxy: Proxy | None, options: dict[str, Any], timeout: float
) -> list[Check]:
    """The rows of all hosts, in the order of the hosts. What hangs ends at its limit."""
    found: list[queue.SimpleQueue[Check | None]] = []
    limit = _LOOKUP_LIMIT + 2 * timeout + _EXCHANGE_LIMIT
    deadline = time.monotonic() + limit
    for target in targets:
        rows: queue.SimpleQueue[Check | None] = queue.SimpleQueue()
        found.append(rows)
        route = proxy if proxy is not None and proxy.leads_to(target) else None
        # A thread that hangs in the system does not hold up the end of the program.
        threading.Thread(target=_check_into, args=(rows, target, route, options), daemon=True).start()
    checks: list[Check] = []
    for target, rows in zip(targets, found, strict=True):
        try:
            while (row := rows.get(timeout=max(0.0, deadline - time.monotonic()))) is not None:
                checks.append(row)
        except queue.Empty:
            told = text(f"no end after {limit:.0f} s", f"{limit:.0f} 秒后仍未完成")
            todo = text("Check the network and the name server.", "请检查网络和域名服务器。")
            checks.append(failed("connection", told, todo, ExitCode.UNAVAILABLE, host=target.name))
    return checks


def _check_into(
    rows: queue.SimpleQueue[Check | None], target: Target, proxy: Proxy | None, options: dict[str, Any]
) -> None:
    try:
        rows.put(_name(target, proxy))
        connection, error = _connection(target, proxy, options)
        rows.put(connection)
        for row in _tls_and_clock(target, proxy, error):
            rows.put(row)
    finally:
        rows.put(None)


def _name(target: Target, proxy: Proxy | None) -> Check:
    if proxy is not None and proxy.looks_names_up:
        return skipped("name", text("the proxy looks the name up", "由代理解析域名"), host=target.name)
    answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            infos = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys(str(info[4][0]) for info in infos)))
        except OSError as error:
            answers.put(error)

    begun_at = time.monotonic()
    threading.Thread(target=look_up, daemon=True).start()
    todo = text(
        "Check the spelling of the host, and the name servers of this machine (/etc/resolv.conf).",
        "请检查地址拼写，以及本机的域名服务器设置（/etc/resolv.conf）。",
    )
    try:
        answer = answers.get(timeout=_LOOKUP_LIMIT)
    except queue.Empty:
        told = text(f"no answer within {_LOOKUP_LIMIT} s", f"{_LOOKUP_LIMIT} 秒内没有结果")
        return failed("name", told, todo, ExitCode.UNAVAILABLE, host=target.name)
    seconds = time.monotonic() - begun_at
    if isinstance(answer, OSError):
        told = text(f"not found: {answer.strerror}", f"解析失败：{answer.strerror}")
        return failed("name", told, todo, ExitCode.UNAVAILABLE, host=target.name)
    shown = ", ".join(answer[:4]) + (", …" if len(answer) > 4 else "")
    details = {"addresses": answer, "seconds": round(seconds, 4)}
    if answer == [target.host]:
        found = text("an address, which needs no lookup", "已是 IP 地址，无需解析")
        return ok("name", found, host=target.name, details=details)
    return ok("name", f"{shown} ({_milliseconds(seconds)})", host=target.name, details=details)


def _connection(
    target: Target, proxy: Proxy | None, options: dict[str, Any]
) -> tuple[Check, WxAuditError | None]:
    """Asks twice as calls do, without a token that is valid: by a new connection, then by the same."""
    alone = {**options, "base_url": target.url, "fallback_urls": (), "max_retries": 0}
    times = []
    with Client(**alone) as client:
        for _ in range(2):
            begun_at = time.monotonic()
            error = _ask(client)
            times.append(time.monotonic() - begun_at)
            if error is not None:
                return _unreachable(target, proxy, error), error
    first, second = times
    way = text("directly", "直连") if proxy is None else text(f"through {proxy.shown}", f"经由 {proxy.shown}")
    found = text(
        f"{way}; answered in {_milliseconds(first)}, then in {_milliseconds(second)}",
        f"{way}；首次响应 {_milliseconds(first)}，再次 {_milliseconds(second)}",
    )
    details = {"first_seconds": round(first, 4), "seconds": round(second, 4)}
    if second > _SLOW:
        todo = text(
            "Compare with other networks and, with fallback_urls, with WeChat's other hosts.",
            "请对比其他网络，或在 fallback_urls 中配置微信的其他接入域名进行对比。",
        )
        return warning("connection", found, todo, host=target.name, details=details), None
    return ok("connection", found, host=target.name, details=details), None


def _ask(client: Client) -> WxAuditError | None:
    """None for an answer of WeChat, which refuses the token."""
    try:
        client.get_audit_status(Token(_NO_TOKEN), _NO_AUDIT)
    except APIError as error:
        return error if error.errcode == _RETIRED_ADDRESS else None
    except WxAuditError as error:
        return error
    return None


def _unreachable(target: Target, proxy: Proxy | None, error: WxAuditError) -> Check:
    todo = advice(error)
    if isinstance(error, TransportError):
        if phase(error) == "TLS":
            todo = text("See the certificate below.", "请看下方的证书信息。")
        elif proxy is not None:
            todo = text(
                f"Check that the proxy runs and reaches this host, or remove {proxy.origin}.",
                f"请确认代理正常运行且能访问该地址，或去掉 {proxy.origin}。",
            )
        elif phase(error) == "looking up":
            todo = text("See the name above.", "请看上方的域名解析结果。")
        elif phase(error) == "connecting" and target.tls:
            todo = text(
                f"Allow outgoing TCP connections to port {target.port}, or set HTTPS_PROXY.",
                f"请放行到端口 {target.port} 的出站 TCP 连接，或设置 HTTPS_PROXY。",
            )
    elif isinstance(error, HTTPStatusError) and proxy is not None and error.http_status == 407:
        todo = text(
            f"The proxy requires a user and a password: write them into {proxy.origin}.",
            f"代理需要用户名和密码：请写在 {proxy.origin} 中。",
        )
    return of_failure("connection", error, todo, host=target.name)


def _tls_and_clock(target: Target, proxy: Proxy | None, error: WxAuditError | None) -> list[Check]:
    if not tunnel.is_possible(proxy):
        told = text("not looked at through this kind of proxy", "经由此类代理时不检查")
        return [skipped(name, told, host=target.name) for name in ("tls", "clock")]
    try:
        # A network that failed the client would take its time again.
        if isinstance(error, TransportError) and phase(error) != "TLS":
            raise error
        seen = exchange.exchange(target, proxy, _EXCHANGE_LIMIT)
    except (OSError, ValueError):
        # Why, the connection's row says.
        told = text("not looked at: no connection", "未检查：没有连接")
        return [skipped(name, told, host=target.name) for name in ("tls", "clock")]
    return [_tls(target, seen, error), _clock(target, seen)]


def _tls(target: Target, seen: exchange.Exchange, error: WxAuditError | None) -> Check:
    if seen.certificate is None:
        told = text("plain HTTP, as only hosts of this machine may", "明文 HTTP（仅限本机地址）")
        return skipped("tls", told, host=target.name)
    shown = certificate.read(seen.certificate)
    if shown is None:
        return skipped("tls", text("the certificate cannot be read", "无法读取证书"), host=target.name)
    until, now = f"{shown.not_after:%Y-%m-%d}", _now()
    subject, issuer = escape_controls(shown.subject), escape_controls(shown.issuer)
    found = text(
        f"{seen.tls_version}; certificate of {subject}, issued by {issuer}, valid until {until}",
        f"{seen.tls_version}；证书主体 {subject}，签发者 {issuer}，有效期至 {until}",
    )
    details = {
        "tls": seen.tls_version,
        "subject": shown.subject,
        "issuer": shown.issuer,
        "not_before": shown.not_before,
        "not_after": shown.not_after,
    }
    if error is not None and phase(error) == "TLS":
        # Why it is refused, the connection's row says.
        todo = text(
            "If a proxy of your network issued it, pass its authority with --ca-file; otherwise check the "
            "clock of this machine.",
            "如果证书由内网代理签发，请用 --ca-file 指定其根证书；否则请检查本机时钟。",
        )
        return failed("tls", found, todo, ExitCode.UNAVAILABLE, host=target.name, details=details)
    if (shown.not_after - now).days < _DAYS_BEFORE_EXPIRY:
        todo = text("It expires soon; its owner has to renew it.", "证书即将过期，请通知其所有者更新。")
        return warning("tls", found, todo, host=target.name, details=details)
    return ok("tls", found, host=target.name, details=details)


def _clock(target: Target, seen: exchange.Exchange) -> Check:
    if seen.ahead is None:
        return skipped("clock", text("the host sends no Date", "对方没有返回 Date"), host=target.name)
    seconds = round(abs(seen.ahead))
    details = {"host_ahead_seconds": round(seen.ahead, 1)}
    if seconds <= _CLOCK_TOLERANCE:
        found = text(
            f"agrees with the host within {max(seconds, 1)} s", f"与对方相差不超过 {max(seconds, 1)} 秒"
        )
        return ok("clock", found, host=target.name, details=details)
    behind = seen.ahead > 0
    found = text(
        f"this machine is {seconds} s {'behind' if behind else 'ahead of'} the host",
        f"本机比对方{'慢' if behind else '快'} {seconds} 秒",
    )
    todo = text(
        "Set the clock of this machine (NTP): a wrong clock makes push events and certificates be refused.",
        "请校准本机时钟（NTP）：时钟错误会导致推送事件和证书校验不通过。",
    )
    return warning("clock", found, todo, host=target.name, details=details)


def _now() -> datetime:
    from datetime import datetime, timezone

    return datetime.now(timezone.utc)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
