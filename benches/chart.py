"""Draw a run as an SVG chart, readable on light and dark pages: CPU time per call, less is better."""

from __future__ import annotations

from html import escape
from typing import Any

from benches.clients import OURS
from benches.summary import RowSummary, summarise

# Scenarios with comparable clients, which differ in CPU time.
SHOWN = ("sequential", "asyncio-64", "batch", "tls-sequential")

_TITLE = "CPU time a call, µs, less is better · 每次调用的 CPU 时间（微秒），越少越好"

_WIDTH = 760
_LABEL_WIDTH = 170
_BAR_HEIGHT = 18
_ROW_HEIGHT = 24
_TITLE_HEIGHT = 42
_MARGIN = 16
# Space for the number after the longest bar.
_VALUE_WIDTH = 70

_STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", "Noto Sans CJK SC", sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; }
.note { fill: #59636e; }
.bar { fill: #9aa4af; }
.ours { fill: #0a7d4f; }
.ours-text { font-weight: 600; }
.cut { stroke: #ffffff; stroke-width: 3; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .note { fill: #9198a1; }
  .bar { fill: #59636e; }
  .ours { fill: #3fb980; }
  .cut { stroke: #0d1117; }
}
"""


def svg(results: dict[str, Any]) -> str:
    """Return a chart with one panel for each scenario."""
    shown = {scenario["name"]: scenario for scenario in results["scenarios"]}
    panels: list[str] = []
    top = 64
    for name in SHOWN:
        if name in shown:
            lines, height = _panel(shown[name], top)
            panels += lines
            top += height + 20
    machine = results["machine"]
    source = f"{machine['cpu']}, Python {machine['python']}, {machine['commit']}"
    size = f'viewBox="0 0 {_WIDTH} {top}" width="{_WIDTH}" height="{top}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title">',
        f'<title id="title">{escape(_TITLE)}</title>',
        f"<style>{_STYLE}</style>",
        f'<text x="{_MARGIN}" y="26" class="title">{escape(_TITLE)}</text>',
        f'<text x="{_MARGIN}" y="46" class="note">{escape(source)}</text>',
        *panels,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _panel(scenario: dict[str, Any], top: int) -> tuple[list[str], int]:
    rows = [row for row in summarise(scenario) if row.cpu_microseconds is not None]
    rows.sort(key=_microseconds)
    title = f"{scenario['title']} · {scenario['title_zh']}"
    lines = [f'<text x="{_MARGIN}" y="{top + 20}" class="title">{escape(title)}</text>']
    # One slow client must not shrink all other bars: bars end at five times the median.
    middle = _microseconds(rows[len(rows) // 2]) if rows else 1.0
    scale = min(max((_microseconds(row) for row in rows), default=1.0), 5 * middle)
    room = _WIDTH - _LABEL_WIDTH - _VALUE_WIDTH - 2 * _MARGIN
    for number, row in enumerate(rows):
        y = top + _TITLE_HEIGHT - 8 + number * _ROW_HEIGHT
        lines += _bar(row, y, room, scale)
    return lines, _TITLE_HEIGHT + len(rows) * _ROW_HEIGHT


def _bar(row: RowSummary, y: int, room: int, scale: float) -> list[str]:
    microseconds = _microseconds(row)
    width = max(1.0, min(microseconds / scale, 1.0) * room)
    left = _MARGIN + _LABEL_WIDTH
    ours = row.peer == OURS
    text = ' class="ours-text"' if ours else ""
    baseline = y + _BAR_HEIGHT - 5
    bar = f'x="{left}" y="{y}" width="{width:.1f}" height="{_BAR_HEIGHT}" rx="2"'
    lines = [
        f'<text x="{left - 10}" y="{baseline}" text-anchor="end"{text}>{escape(row.label)}</text>',
        f'<rect {bar} class="{"ours" if ours else "bar"}"/>',
        f'<text x="{left + width + 8:.1f}" y="{baseline}"{text}>{microseconds:.0f}</text>',
    ]
    if microseconds > scale:
        x = left + width - 24
        lines.append(f'<path d="M{x:.1f} {y + _BAR_HEIGHT + 2} l6 -{_BAR_HEIGHT + 4}" class="cut"/>')
    return lines


def _microseconds(row: RowSummary) -> float:
    return row.cpu_microseconds.median if row.cpu_microseconds is not None else 0.0
