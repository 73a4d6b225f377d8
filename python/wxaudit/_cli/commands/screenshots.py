"""`wxaudit screenshots`: the pictures of a rejection, as files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..._errors.tree import ArgumentError, WxAuditError
from ..._models.screenshot import SUFFIXES
from ..._native import AuditQuery
from .. import exit_codes
from ..connection import Connection
from ..errors import advice, facts, of_system
from ..language import text
from ..options import ConnectionOptions, OutputOptions  # noqa: TC001  # `expand` reads the annotations
from ..output import json_lines, streams
from ..output.progress import Bar

if TYPE_CHECKING:
    from ..._models.screenshot import Screenshot
    from ..._native import AuditStatus

HELP = text("Save the screenshots of a rejection.", "下载审核单的截图。")


def screenshots(
    auditid: Annotated[
        str,
        typer.Argument(
            metavar="AUDITID",
            help=text(
                "Number that submit_audit returned.", "提交代码审核（submit_audit）时返回的审核单 id。"
            ),
        ),
    ],
    connection: ConnectionOptions,
    output: OutputOptions,
    to: Annotated[
        str,
        typer.Option(
            metavar="DIR",
            help=text(
                "Directory for the files AUDITID-1.png and so on; made if it does not exist.",
                "存放 AUDITID-1.png 等文件的目录，不存在时自动创建。",
            ),
        ),
    ] = ".",
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help=text("Replace files of the same names.", "覆盖同名文件。")),
    ] = False,
) -> exit_codes.ExitCode:
    with Connection(connection) as wechat:
        token = wechat.token()
        query = AuditQuery(token, auditid, connection.appid)
        folder = _folder(to)
        if not overwrite:
            _check_absent(folder, query.auditid)
        with json_lines.with_errors(output.json):
            audit = wechat.client.get_audit_status(token, query.auditid, appid=query.appid)
        if not audit.screenshots:
            _say_none(audit)
        codes = []
        with Bar(len(audit.screenshots)) as bar:
            for number, media_id in enumerate(audit.screenshots, start=1):
                picture: Screenshot | WxAuditError
                path = None
                try:
                    picture = wechat.client.get_screenshot(token, media_id, appid=query.appid)
                    path = _save(picture, folder, f"{audit.auditid}-{number}")
                except WxAuditError as error:
                    picture = error
                    codes.append(exit_codes.of_error(error))
                with bar.hidden():
                    _tell(audit, number, picture, path, as_json=output.json)
                bar.update(number)
    return exit_codes.worst(codes)


def _folder(to: str) -> Path:
    folder = Path(to)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArgumentError(
            text(
                f"--to: {to} is not a directory and cannot be made one: {of_system(error)}; name another",
                f"--to：{to} 不是目录，也无法创建：{of_system(error)}；请换一个目录",
            )
        ) from None
    return folder


def _check_absent(folder: Path, auditid: int) -> None:
    """Before anything is asked: a file may be an older one that somebody still needs."""
    suffixes = set(SUFFIXES.values())
    for path in sorted(folder.glob(f"{auditid}-*")):
        if path.suffix in suffixes and path.stem.removeprefix(f"{auditid}-").isdecimal():
            raise ArgumentError(
                text(
                    f"{path} exists; nothing was asked: replace it with --overwrite, or name another "
                    "directory with --to",
                    f"{path} 已存在，未发出任何请求：请用 --overwrite 覆盖，或用 --to 指定其他目录",
                )
            )


def _save(picture: Screenshot, folder: Path, name: str) -> Path:
    """Writes a whole file or none."""
    path = folder / (name + SUFFIXES[picture.media_type])
    part = folder / f".{path.name}.{os.getpid()}.part"
    try:
        picture.save(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _tell(
    audit: AuditStatus, number: int, picture: Screenshot | WxAuditError, path: Path | None, *, as_json: bool
) -> None:
    media_id = audit.screenshots[number - 1]
    failed = picture if isinstance(picture, WxAuditError) else None
    if as_json:
        values: dict[str, Any] = {
            "auditid": audit.auditid,
            "appid": audit.appid,
            "number": number,
            "media_id": media_id,
            "path": None if path is None else str(path),
            "media_type": None,
            "bytes": None,
            "errcode": None,
            "error": None,
            "rid": None,
        }
        if isinstance(picture, WxAuditError):
            values.update(
                {name: json_lines.error_values(picture)[name] for name in ("errcode", "error", "rid")}
            )
        else:
            values.update(media_type=picture.media_type, bytes=len(picture.content))
        json_lines.write(values)
    elif path is not None:
        print(path, flush=True)
    if failed is not None:
        count = len(audit.screenshots)
        streams.say(
            text(
                f"wxaudit: screenshot {number} of {count} of audit {audit.auditid} is missing:",
                f"wxaudit：审核单 {audit.auditid} 的第 {number} 张截图（共 {count} 张）未能下载：",
            )
        )
        for line in (facts(failed), advice(failed)):
            if line:
                streams.say(f"  {line}")


def _say_none(audit: AuditStatus) -> None:
    streams.say(
        text(
            f"wxaudit: audit {audit.auditid} has no screenshots; it is {audit.status.label()}",
            f"wxaudit：审核单 {audit.auditid} 没有截图，当前状态：{audit.status.label('zh')}",
        )
    )
