"""`wxaudit wait`: wait until audits are decided, and tell each as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..._errors.tree import ArgumentError
from ..._native import AuditResult, AuditStatus, Token
from ..._wait.polling import Polling
from .. import exit_codes
from ..connection import Connection
from ..durations import seconds
from ..language import text
from ..options import AuditIds, ConnectionOptions, OutputOptions  # noqa: TC001  # `expand` reads the annotations
from ..output import json_lines, results, streams
from ..output.progress import Bar
from .status import queries_of, without_repeats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..._errors.base import WxAuditError
    from ..._native import AuditQuery

HELP = text(
    "Wait until audits are decided: approved, rejected or withdrawn.",
    "等待审核结果：审核成功、审核被拒绝或已撤回。",
)

# WeChat's tokens expire after two hours.
_TOKEN_LIFETIME = 7200.0

_SHORTEST_INTERVAL = 1.0
_LONGEST = 366 * 86_400.0


def wait(
    auditids: AuditIds,
    connection: ConnectionOptions,
    output: OutputOptions,
    timeout: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION",
            help=text(
                "Longest time to wait, such as 90m or 3d, or none for no limit. Required.",
                "最长等待时间，例如 90m 或 3d；none 表示不限时。必填。",
            ),
        ),
    ] = None,
    initial: Annotated[
        str,
        typer.Option(
            metavar="DURATION",
            help=text(
                "Time from the first poll of an audit to the second; later polls are rarer.",
                "首次查询到第二次查询的间隔，之后逐渐拉长。",
            ),
        ),
    ] = "30s",
    maximum: Annotated[
        str,
        typer.Option(
            metavar="DURATION",
            help=text("Longest time between two polls of an audit.", "两次查询之间的最长间隔。"),
        ),
    ] = "10m",
) -> exit_codes.ExitCode:
    limit, polling = _limit(timeout), _polling(initial, maximum)
    with Connection(connection) as wechat:
        token = wechat.token()
        queries = without_repeats(queries_of(auditids, token, connection.appid))
        if isinstance(token, Token) and (limit is None or limit > _TOKEN_LIFETIME):
            _warn_of_fixed_token()
        with Bar(len(queries), limit=limit, rate=False) as bar:
            wait = _Wait(queries, bar, as_json=output.json)
            bar.update(0)
            try:
                for result in wechat.client.wait_for_decisions(
                    queries, timeout=limit, polling=polling, on_poll=wait.note
                ):
                    wait.end(result)
            except KeyboardInterrupt:
                wait.interrupt()
                raise
    return exit_codes.worst_of(wait.ended)


class _Wait:
    """What is known of each audit so far."""

    def __init__(self, queries: Sequence[AuditQuery], bar: Bar, *, as_json: bool) -> None:
        self._bar, self._as_json = bar, as_json
        self.ended: list[AuditResult] = []
        self._total = len(queries)
        self._pending: dict[int, AuditStatus | WxAuditError | None] = {it.auditid: None for it in queries}

    def note(self, answer: AuditStatus | WxAuditError) -> None:
        """The answer of a poll."""
        if answer.auditid in self._pending:
            self._pending[answer.auditid] = answer
        self._draw()

    def end(self, result: AuditResult) -> None:
        self.ended.append(result)
        self._pending.pop(result.auditid or 0, None)
        with self._bar.hidden():
            self._write(result)
        self._draw()

    def interrupt(self) -> None:
        """Tells the last answer for each pending audit, and which they are."""
        with self._bar.hidden():
            for auditid, answer in self._pending.items():
                if answer is not None:
                    self._write(_result(auditid, answer))
            names, count = ", ".join(map(str, self._pending)), len(self._pending)
            streams.say(
                text(
                    f"wxaudit: interrupted; {count} of {self._total} audits not decided yet: {names}",
                    f"wxaudit：已中断；{self._total} 个审核单中有 {count} 个尚无结果：{names}",
                )
            )

    def _write(self, result: AuditResult) -> None:
        if self._as_json:
            json_lines.write_result(result)
        else:
            results.show_one(result)

    def _draw(self) -> None:
        states: dict[str, int] = {}
        for auditid, answer in self._pending.items():
            if answer is not None:
                name = results.label(_result(auditid, answer))
                states[name] = states.get(name, 0) + 1
        note = text(
            ", ".join(f"{count} {name}" for name, count in states.items()),
            "，".join(f"{name} {count}" for name, count in states.items()),
        )
        self._bar.update(len(self.ended), note)


def _result(auditid: int, answer: AuditStatus | WxAuditError) -> AuditResult:
    if isinstance(answer, AuditStatus):
        return AuditResult(auditid, answer.appid, answer)
    return AuditResult(auditid, answer.appid, None, answer)


def _limit(timeout: str | None) -> float | None:
    if timeout is None:
        raise ArgumentError(
            text(
                "--timeout is missing: say how long to wait, such as --timeout 3d, or --timeout none (a "
                "review takes hours, and up to 7 working days)",
                "缺少 --timeout：请给出最长等待时间，例如 --timeout 3d，或用 --timeout none 表示不限时"
                "（代码审核通常需要数小时，最长 7 个工作日）",
            )
        )
    if timeout.strip().lower() == "none":
        return None
    limit = seconds("--timeout", timeout)
    if not 0 < limit <= _LONGEST:
        raise ArgumentError(
            text(
                f"--timeout must be more than 0 and at most 366d, got {timeout}; write none for no limit",
                f"--timeout 必须大于 0 且不超过 366d，现为 {timeout}；不限时请写 none",
            )
        )
    return limit


def _polling(initial: str, maximum: str) -> Polling:
    first, longest = seconds("--initial", initial), seconds("--maximum", maximum)
    if first < _SHORTEST_INTERVAL:
        raise ArgumentError(
            text(
                f"--initial must be at least 1s, got {initial}; each poll counts against the quota",
                f"--initial 不能小于 1s，现为 {initial}；每次查询都会占用调用额度",
            )
        )
    if not first <= longest <= _LONGEST:
        raise ArgumentError(
            text(
                f"--maximum must be at least --initial ({initial}) and at most 366d, got {maximum}",
                f"--maximum 不能小于 --initial（{initial}），也不能超过 366d，现为 {maximum}",
            )
        )
    return Polling(first, longest)


def _warn_of_fixed_token() -> None:
    streams.say(
        text(
            "wxaudit: warning: the token is a fixed one, which expires after two hours at most, before this "
            "wait ends; use --token-command or --token-file, which are asked again",
            "wxaudit：警告：令牌是固定的，最长两小时后失效，早于本次等待结束；请使用 --token-command 或 "
            "--token-file，令牌失效后会重新读取",
        )
    )
