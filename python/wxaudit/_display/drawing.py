"""Draw the chart of a batch as SVG, for what cannot draw Vega-Lite: nbconvert, and pages that show notebooks.

From the specification, so that it has what the chart has. Text is escaped, and there is no script, no style
and no address.
"""

from __future__ import annotations

from .card import escaped
from .terminal import width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_WIDTH = 800
_LABELS = 300
_BARS = 400
_ROW = 24
_PADDING = 16
_INK = "#24292f"
_QUIET = "#57606a"
_LABEL_COLUMNS = 44
# Stands for the place of a line; no escaped text has it.
_Y = "\0"


def svg(specification: dict[str, Any]) -> str | None:
    """The picture, on white. None if nothing of the specification is known, as after changes of a user."""
    datasets = specification.get("datasets", {})
    parts: list[str] = []
    top = _PADDING
    for panel in specification.get("vconcat", ()):
        lines = list(_panel(panel, datasets.get(panel.get("data", {}).get("name"), ())))
        for height, line in lines:
            parts.append(line.replace(_Y, str(top + height - 8)))
            top += height
        top += _PADDING if lines else 0
    if not parts:
        return None
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{top}" '
        f'viewBox="0 0 {_WIDTH} {top}" '
        f'font-family="sans-serif" font-size="12" fill="{_INK}">'
        f'<rect width="{_WIDTH}" height="{top}" rx="6" fill="#fff"/>{"".join(parts)}</svg>'
    )


def _panel(panel: dict[str, Any], values: list[dict[str, Any]]) -> Iterator[tuple[int, str]]:
    """The height of each line, and the line with `_Y` for its place."""
    title = panel.get("title")
    if not isinstance(title, dict):
        return
    yield _ROW, _text(_PADDING, title.get("text", ""), 'font-size="14" font-weight="bold"')
    for subtitle in title.get("subtitle", ()):
        yield 18, _text(_PADDING, subtitle, f'fill="{_QUIET}"')
    rows: dict[str, list[tuple[int, str]]] = {}
    colours = _colours(panel)
    for value in values:
        if "note" in value:
            yield _ROW, _text(_PADDING, value["note"], f'fill="{_QUIET}"')
        elif "count" in value:
            colour = value.get("colour") or colours.get(value.get("state", ""), _QUIET)
            rows.setdefault(value.get("name") or value.get("span", ""), []).append((value["count"], colour))
    if colours:
        yield _ROW, "".join(_legend(colours))
    largest = max((sum(count for count, _ in bars) for bars in rows.values()), default=1)
    for name, bars in rows.items():
        yield _ROW, "".join(_row(name, bars, _BARS / max(largest, 1)))


def _row(name: str, bars: list[tuple[int, str]], scale: float) -> Iterator[str]:
    """A label, its bar in the colours of its parts, and the count."""
    yield _text(_LABELS, _cut(name), 'text-anchor="end"')
    start = _LABELS + 10.0
    for count, colour in bars:
        length = max(count * scale, 1)
        yield (
            f'<rect x="{start:.1f}" y="{_Y}" width="{length:.1f}" height="16" transform="translate(0 -12)" '
            f'fill="{escaped(colour)}"/>'
        )
        start += length
    yield _text(round(start) + 5, f"{sum(count for count, _ in bars):,d}", "")


def _legend(colours: dict[str, str]) -> Iterator[str]:
    start = _LABELS + 10
    for name, colour in colours.items():
        yield _text(start, "■", f'fill="{escaped(colour)}"')
        yield _text(start + 16, name, "")
        start += 34 + 7 * width(name)


def _colours(panel: dict[str, Any]) -> dict[str, str]:
    """The colours of states, where a panel has a legend."""
    scale = panel.get("layer", [{}])[0].get("encoding", {}).get("color", {}).get("scale") or {}
    return dict(zip(scale.get("domain", ()), scale.get("range", ()), strict=False))


def _cut(name: str) -> str:
    if width(name) <= _LABEL_COLUMNS:
        return name
    while width(name) >= _LABEL_COLUMNS:
        name = name[:-1]
    return f"{name}…"


def _text(x: int, text: str, attributes: str) -> str:
    return f'<text x="{x}" y="{_Y}" {attributes}>{escaped(text)}</text>'
