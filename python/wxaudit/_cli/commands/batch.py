"""`wxaudit batch`: the review status of each row of a table."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..._errors.tree import ArgumentError
from ..._native import AuditQuery
from ..connection import Connection
from ..exit_codes import ExitCode  # noqa: TC001  # `expand` reads the annotations
from ..language import text
from ..options import OUTPUT, ConnectionOptions, OutputOptions
from ..output import streams

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..._native import AuditResult
    from ..batch_output import FileOutput, StandardOutput
    from ..input.rows import Row, Rows
    from ..row_tokens import RowTokens

HELP = text(
    """\
Show the review status of each row of a table.

The table is CSV, JSON Lines, Parquet or Excel, with a column auditid, and optionally appid and
token_reference (env:NAME or file:PATH, relative to the table). Tokens themselves are not accepted in tables.
All rows are checked before anything is sent. The first column of the output is the number of the row in the
input.

With --output, outcomes are kept in FILE.partial.jsonl as they come, and FILE is written at the end. After a
run was stopped, the same command with --resume asks only about rows that have no outcome yet, or whose
outcome was a transient failure or a refused token.
""",
    """\
逐行查询表格中审核单的审核状态。

表格可以是 CSV、JSON Lines、Parquet 或 Excel，须有 auditid 列，可以有 appid 列和 token_reference 列
（env:变量名 或 file:路径，路径相对于表格所在目录）。不接受直接在表格中填写令牌。所有数据检查无误后
才会发出请求。输出的第一列是该条数据在输入中的序号。

使用 --output 时，结果会随查随存到 FILE.partial.jsonl，全部完成后再写出 FILE。中断后用同一命令加 --resume
继续，只查询尚无结果的，以及因临时故障或令牌失效而失败的。
""",
)


def batch(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help=text("The table, or - for standard input.", "表格文件，或用 - 表示标准输入。"),
        ),
    ],
    connection: ConnectionOptions,
    output: OutputOptions,
    output_file: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help=text(
                "Write a table in the order of the input: .csv, .jsonl, .parquet or .xlsx.",
                "按输入顺序写出表格：.csv、.jsonl、.parquet 或 .xlsx。",
            ),
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help=text("Go on where a run was stopped.", "从上次中断处继续。")),
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help=text(
                "Replace an output file, and drop what a stopped run has kept.",
                "覆盖已有的输出文件，并丢弃未完成的进度。",
            ),
        ),
    ] = False,
    skip_invalid: Annotated[
        bool,
        typer.Option(
            "--skip-invalid",
            help=text(
                "Record rows that cannot be asked about as errors, in place of refusing the table.",
                "将无法查询的数据记为错误，而不是拒绝整个表格。",
            ),
        ),
    ] = False,
    input_format: Annotated[
        str | None,
        typer.Option(
            metavar="csv|jsonl|parquet|xlsx",
            help=text(
                "Format of the table (default: told by its content).", "表格格式（默认根据内容判断）。"
            ),
        ),
    ] = None,
    concurrency: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help=text(
                "How many requests are made at once (default: max_concurrency of the configuration, 64).",
                "同时发出的请求数（默认取配置中的 max_concurrency，即 64）。",
            ),
        ),
    ] = None,
) -> ExitCode:
    # Imported late: other commands start without them.
    from contextlib import ExitStack, closing

    from ..input.rows import Rows
    from ..input.source import Source
    from ..row_tokens import RowTokens

    _check_options(output, output_file, resume=resume, overwrite=overwrite)
    with ExitStack() as opened:
        wechat = opened.enter_context(Connection(connection))
        tokens = RowTokens(wechat, os.path.dirname(file))
        if file == "-" and tokens.reads_standard_input:
            raise ArgumentError(
                text(
                    "standard input is either the table or the token; give the token by WXAUDIT_TOKEN, a "
                    "file or --token-command",
                    "标准输入不能既是表格又是令牌；请用 WXAUDIT_TOKEN、令牌文件或 --token-command 提供令牌",
                )
            )
        source = opened.enter_context(closing(Source(file, input_format)))
        target = opened.enter_context(
            closing(_target(source, output, output_file, resume=resume, overwrite=overwrite))
        )
        rows = opened.enter_context(
            closing(Rows(source, tokens.check, appid=connection.appid, skip_invalid=skip_invalid))
        )
        target.begin(rows)
        _run(wechat, rows, tokens, concurrency, target)
        return target.tally.worst


def _check_options(
    output: OutputOptions,
    output_file: str | None,
    *,
    resume: bool,
    overwrite: bool,
) -> None:
    if output_file is None and (resume or overwrite):
        option = "--resume" if resume else "--overwrite"
        raise ArgumentError(text(f"{option} needs --output FILE", f"{option} 需要与 --output FILE 一起使用"))
    if output_file is not None and output.json:
        raise ArgumentError(
            text(
                "--json is for standard output; for a file write --output FILE.jsonl",
                "--json 用于标准输出；写入文件请用 --output FILE.jsonl",
            )
        )


def _target(
    source: Any, output: OutputOptions, output_file: str | None, *, resume: bool, overwrite: bool
) -> FileOutput | StandardOutput:
    from ..batch_output import FileOutput, StandardOutput

    if output_file is None:
        return StandardOutput(json=output.json)
    return FileOutput(output_file, source, resume=resume, overwrite=overwrite)


def _run(
    wechat: Connection,
    rows: Rows,
    tokens: RowTokens,
    concurrency: int | None,
    target: FileOutput | StandardOutput,
) -> None:
    """Asks about all rows that have no outcome yet, and ends with a summary on standard error."""
    from time import monotonic

    from ..outcomes import values_of
    from ..output.progress import Bar

    begun = monotonic()
    asked = 0
    try:
        with Bar(rows.count) as bar:
            bar.skip(target.done)
            remaining = (row for row in rows if not target.has(row))
            try:
                for row, result in _results(wechat, remaining, tokens, concurrency):
                    target.write(values_of(row, result), result, bar)
                    asked += 1
                    bar.update(target.done + asked, target.tally.in_words)
            finally:
                target.flush(bar)
        target.end()
    except (KeyboardInterrupt, OSError) as error:
        if not isinstance(error, BrokenPipeError):
            target.say_how_to_go_on()
        raise
    _say_summary(target, asked, monotonic() - begun)


def _results(
    wechat: Connection, rows: Iterator[Row], tokens: RowTokens, concurrency: int | None
) -> Iterator[tuple[Row, AuditResult]]:
    """Each row with its result, as they complete."""
    pending: dict[int, Row] = {}

    def queries() -> Iterator[AuditQuery | ArgumentError]:
        for index, row in enumerate(rows):
            pending[index] = row
            try:
                if row.auditid is None or row.problem:
                    raise ArgumentError(row.problem)
                yield AuditQuery(tokens.of(row), row.auditid, row.appid)
            except ArgumentError as error:
                yield error

    for result in wechat.client.iter_audit_statuses(queries(), max_concurrency=concurrency):
        yield pending.pop(result.index), result


def _say_summary(target: FileOutput | StandardOutput, asked: int, seconds: float) -> None:
    tally = target.tally
    kept = tally.total - asked
    streams.say(
        text(
            ("1 row" if tally.total == 1 else f"{tally.total} rows")
            + f" in {seconds:.1f} s"
            + (f" ({kept} from the earlier run)" if kept else "")
            + f": {tally.in_words()}; {tally.failed} failed",
            f"共 {tally.total} 条，用时 {seconds:.1f} 秒"
            + (f"（其中 {kept} 条来自上次）" if kept else "")
            + f"：{tally.in_words()}；失败 {tally.failed} 条",
        )
    )
