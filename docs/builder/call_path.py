"""Draw the path of one call, for the page on the architecture: `python -m docs.builder.call_path`.

The files are in the repository, since GitHub shows the page too.
"""

from __future__ import annotations

from html import escape
from typing import NamedTuple

from .languages import LANGUAGES, Language, Text
from .pages import ROOT

_WIDTH, _HEIGHT = 770, 874
_BOX_WIDTH, _BOX_HEIGHT = 270, 46
_LEFT, _RIGHT = 220, 580
_ROW = 76

_STYLE = """\
svg { color: #1f2328; background: #ffffff; }
rect, path { fill: none; stroke: #57606a; stroke-width: 1.5; }
rect { fill: #f6f8fa; }
rect.outside { fill: #dafbe1; }
path.dashed { stroke-dasharray: 5 4; }
marker path { fill: #57606a; stroke: none; }
text { fill: currentColor; font: 13px system-ui, "Noto Sans CJK SC", sans-serif; text-anchor: middle; }
text.name { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 12.5px; }
text.label { font-size: 12px; fill: #57606a; text-anchor: start; }
@media (prefers-color-scheme: dark) {
  svg { color: #e6edf3; background: #0d1117; }
  rect { fill: #161b22; }
  rect.outside { fill: #12261e; }
  text.label { fill: #9198a1; }
  rect, path { stroke: #9198a1; }
  marker path { fill: #9198a1; }
}"""

_HEAD = """\
<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" \
orient="auto-start-reverse"><path d="M0,0 L10,5 L0,10 z"/></marker></defs>"""


class Box(NamedTuple):
    x: int
    row: int
    name: str
    does: Text | None = None
    outside: bool = False

    @property
    def y(self) -> int:
        return 34 + self.row * _ROW


BOXES = (
    Box(_LEFT, 0, "client.get_audit_status(token, auditid)", outside=True),
    Box(_LEFT, 1, "_client.py, _async_client.py", Text("text becomes a Token", "把文本变成 Token")),
    Box(_LEFT, 2, "_call.py, _async_call.py"),
    Box(_LEFT, 3, "python/calls/engine.rs", Text("arguments checked", "检查参数")),
    Box(_RIGHT, 3, "python/calls/batch.rs", Text("a batch of one", "只有一条查询的批量")),
    Box(
        _RIGHT,
        1,
        "_token_sources.py, _observability/",
        Text("your source and listener", "你的令牌来源和回调"),
    ),
    Box(
        _LEFT,
        4,
        "python/runtime",
        Text("blocks a thread, or wakes an event loop", "阻塞线程，或唤醒事件循环"),
    ),
    Box(_LEFT, 5, "call/client.rs", Text("the flow", "调用的流程")),
    Box(
        _LEFT, 6, "call/token_source.rs", Text("the token; refreshes are shared", "令牌；刷新由多个调用共享")
    ),
    Box(_LEFT, 7, "call/attempt.rs", Text("quota, permits, host", "额度、并发许可、域名")),
    Box(_LEFT, 8, "transport/", Text("pool, connect, TLS, head", "连接池、建立连接、TLS、响应头")),
    Box(_RIGHT, 8, "api.weixin.qq.com", outside=True),
    Box(
        _LEFT,
        9,
        "wechat/decode.rs",
        Text("json/ and token/: lenient, redacted", "json/、token/：宽容解析，隐去令牌"),
    ),
    Box(
        _RIGHT,
        9,
        "call/recovery.rs",
        Text("refresh, block quota, back off, give up", "刷新、暂停额度、退避、放弃"),
    ),
    Box(_LEFT, 10, "python/types", Text("AuditStatus", "AuditStatus")),
)


class Arrow(NamedTuple):
    path: str
    label: Text | None = None
    at: tuple[int, int] = (0, 0)
    dashed: bool = False
    both: bool = False


def _down(x: int, row: int, label: Text | None = None) -> Arrow:
    """From a row to the next."""
    start = 34 + row * _ROW + _BOX_HEIGHT
    end = 34 + (row + 1) * _ROW
    return Arrow(f"M{x},{start} V{end - 2}", label, (x + 8, (start + end) // 2 + 4))


def _middle(row: int) -> int:
    return 34 + row * _ROW + _BOX_HEIGHT // 2


_HALF = _BOX_WIDTH // 2
_AWAY = _RIGHT + _HALF + 28
_ARROWS = (
    _down(_LEFT, 0),
    _down(_LEFT, 1),
    _down(_LEFT, 2, Text("a Token, no listener", "传入 Token，没有回调")),
    Arrow(
        f"M{_LEFT + _HALF},{_middle(2)} H{_RIGHT} V{34 + 3 * _ROW - 2}",
        Text("token source or listener", "令牌来源或回调"),
        (_LEFT + _HALF + 16, _middle(2) - 7),
    ),
    Arrow(
        f"M{_RIGHT + 122},{34 + 3 * _ROW - 2} V{34 + _ROW + _BOX_HEIGHT + 2}",
        Text("token requests, events", "取令牌、事件"),
        (_RIGHT - 24, 34 + 2 * _ROW - 4),
        dashed=True,
        both=True,
    ),
    _down(_LEFT, 3),
    Arrow(f"M{_RIGHT},{34 + 3 * _ROW + _BOX_HEIGHT} V{_middle(4)} H{_LEFT + _HALF + 2}"),
    *(_down(_LEFT, row) for row in (4, 5, 6, 7, 8)),
    Arrow(f"M{_LEFT + _HALF},{_middle(8)} H{_RIGHT - _HALF - 2}", both=True),
    _down(_LEFT, 9, Text("a result", "结果")),
    Arrow(
        f"M{_LEFT + _HALF},{_middle(9)} H{_RIGHT - _HALF - 2}",
        Text("an error", "错误"),
        (_LEFT + _HALF + 16, _middle(9) - 7),
    ),
    Arrow(f"M{_RIGHT + _HALF},{_middle(9)} H{_AWAY} V{_middle(7)} H{_LEFT + _HALF + 2}"),
    Arrow(f"M{_LEFT - _HALF},{_middle(10)} H30 V{_middle(0)} H{_LEFT - _HALF - 22}"),
)


def drawing(language: Language) -> str:
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}">',
        f"<style>\n{_STYLE}\n</style>",
        _HEAD,
    ]
    for arrow in _ARROWS:
        kind = ' class="dashed"' if arrow.dashed else ""
        start = ' marker-start="url(#head)"' if arrow.both else ""
        parts.append(f'<path{kind} d="{arrow.path}" marker-end="url(#head)"{start}/>')
        if arrow.label is not None:
            x, y = arrow.at
            parts.append(f'<text class="label" x="{x}" y="{y}">{escape(arrow.label.of(language))}</text>')
    for box in BOXES:
        kind = ' class="outside"' if box.outside else ""
        width = _BOX_WIDTH + 40 if box.row == 0 else _BOX_WIDTH
        parts.append(
            f'<rect{kind} x="{box.x - width // 2}" y="{box.y}" width="{width}" height="{_BOX_HEIGHT}" rx="6"/>'
        )
        baseline = box.y + (19 if box.does else 28)
        parts.append(f'<text class="name" x="{box.x}" y="{baseline}">{escape(box.name)}</text>')
        if box.does is not None:
            parts.append(f'<text x="{box.x}" y="{box.y + 37}">{escape(box.does.of(language))}</text>')
    return "\n".join([*parts, "</svg>", ""])


def file_name(language: Language) -> str:
    return f"call-path{language.suffix.removesuffix('.md')}.svg"


if __name__ == "__main__":
    for each in LANGUAGES:
        (ROOT / "docs" / file_name(each)).write_text(drawing(each), encoding="utf-8")
