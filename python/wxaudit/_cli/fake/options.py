"""The options of the commands that drive a fake, and the ports that `fake serve` has by default."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from typing import Annotated

import typer

from ..language import text

PORT = 18080
CONTROL_PORT = 18081
DEFAULT_URL = f"http://127.0.0.1:{CONTROL_PORT}/__fake__"
VARIABLE = "WXAUDIT_FAKE_URL"


@dataclass(frozen=True)
class FakeOptions:
    """Which fake is driven."""

    control_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help=text(
                f"The control_url that the fake printed (default: {VARIABLE}, or {DEFAULT_URL}).",
                f"模拟微信启动时输出的 control_url（默认取 {VARIABLE}，其次为 {DEFAULT_URL}）。",
            ),
            rich_help_panel=text("Running fake", "运行中的模拟微信"),
        ),
    ] = None

    @property
    def url(self) -> str:
        return self.control_url or os.environ.get(VARIABLE) or DEFAULT_URL


class State(str, Enum):
    APPROVED = "approved"
    REJECTED = "rejected"
    IN_REVIEW = "in_review"
    WITHDRAWN = "withdrawn"
    DELAYED = "delayed"


class Kind(str, Enum):
    AUTHORIZER = "authorizer"
    OWN = "own"
    COMPONENT = "component"


STATES = "|".join(state.value for state in State)

AuditIds = Annotated[
    list[int],
    typer.Argument(
        metavar="AUDITID...",
        min=1,
        help=text("Audits of the fake.", "模拟微信中的审核单 id。"),
        show_default=False,
    ),
]
Appid = Annotated[
    str | None,
    typer.Option(metavar="APPID", help=text("Appid of the mini program.", "小程序的 appid。")),
]
Reason = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        help=text("Reason, in the form of WeChat's.", "原因，格式与微信一致。"),
    ),
]
Screenshots = Annotated[
    int,
    typer.Option(metavar="N", min=0, max=100, help=text("How many screenshots it has.", "截图数量。")),
]
