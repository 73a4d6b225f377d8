"""Draw a batch: the outcomes, the reasons for rejections, and the ages of pending audits.

The values are counted here: the chart of a million audits is as small as that of ten, and needs no pandas.
Texts of WeChat are only ever values, never a field's name, an expression or an address that Vega reads.
"""

from __future__ import annotations

from .._escape import truncate
from .._models.state import AuditState
from .._optional import import_optional
from . import labels
from .ages import PENDING, Ages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    import altair as alt

    from .._native import AuditResult

# Every machine that shows Chinese has one of these. Vega's default, sans-serif, may lack Chinese.
_FONT = (
    "PingFang SC, Microsoft YaHei, Noto Sans CJK SC, Noto Sans SC, Source Han Sans SC, "
    "WenQuanYi Micro Hei, WenQuanYi Zen Hei, sans-serif"
)
_WIDTH = 440
_LABEL_WIDTH = 280
_BAR = 24
_FEWEST_BINS = 6
_TITLES_SHOWN = 10
_TITLE_CHARACTERS = 300
# The colours of labels and of the background are those of the theme: JupyterLab's dark one has its own. Other
# texts are black in every theme, unless they say something else.
_INK = "luminance(background) < 0.5 ? '#fff' : '#000'"
_NO_REASON = "(no reason given) · （未给出原因）"


def plot(results: Sequence[AuditResult], submitted_at: object = None) -> alt.VConcatChart:
    """The chart. `submitted_at` holds the time of each submission; `ArgumentError` if it does not fit."""
    # Checked before altair is imported, so that a wrong argument fails at once.
    ages = None if submitted_at is None else Ages(results, submitted_at)
    import_optional("altair", "AuditBatch.plot()")
    from .chart import BatchChart

    panels = [_outcome_panel(results), _reason_panel(results)]
    if ages is not None:
        panels.append(_age_panel(ages))
    chart: alt.VConcatChart = (
        BatchChart(vconcat=panels, spacing=28, padding=12)
        .resolve_scale(color="independent", x="independent", y="independent")
        .configure(font=_FONT)
        .configure_view(stroke=None)
        .configure_axis(titleFontWeight="normal", labelFontSize=12)
        .configure_title(anchor="start", frame="group", fontSize=14, offset=10)
        .configure_legend(labelFontSize=12, titleFontWeight="normal")
    )
    return chart


def _outcome_panel(results: Sequence[AuditResult]) -> alt.LayerChart:
    bars = [
        {"name": f"{outcome.english} · {outcome.chinese}", "count": count, "colour": outcome.colour}
        for outcome, count in labels.counted(results)
    ]
    total = len(results)
    subtitle = f"{total} {'query' if total == 1 else 'queries'} · 共 {total} 个查询"
    return _bars("Outcomes · 查询结果", [subtitle], bars, "no results · 没有查询结果", "outcome · 结果")


def _reason_panel(results: Sequence[AuditResult]) -> alt.LayerChart:
    audits = (result.status for result in results)
    rejected = [audit for audit in audits if audit is not None and audit.is_rejected]
    counts: dict[str, int] = {}
    for audit in rejected:
        # As a set: an audit that names a title twice counts once.
        for title in {truncate(reason.title.strip(), _TITLE_CHARACTERS) for reason in audit.reasons} or {""}:
            counts[title or _NO_REASON] = counts.get(title or _NO_REASON, 0) + 1
    ordered = sorted(counts.items(), key=lambda counted: (-counted[1], counted[0]))
    colour = labels.of_state(AuditState.REJECTED).colour
    bars = [{"name": title, "count": count, "colour": colour} for title, count in ordered[:_TITLES_SHOWN]]
    english, chinese = f"{len(rejected)} rejected", f"{len(rejected)} 个被拒绝"
    subtitle = [f"{english} · {chinese}"]
    if len(ordered) > _TITLES_SHOWN:
        subtitle = [
            f"{english}; the {_TITLES_SHOWN} most frequent of {len(ordered)} reasons",
            f"{chinese}；共 {len(ordered)} 种原因，以下是最常见的 {_TITLES_SHOWN} 种",
        ]
    return _bars(
        "Reasons for rejection · 拒绝原因",
        subtitle,
        bars,
        "no rejections · 没有被拒绝的审核单",
        "reason · 原因",
    )


def _bars(
    title: str, subtitle: list[str], bars: list[dict[str, Any]], nothing: str, name: str
) -> alt.LayerChart:
    """Horizontal bars with their counts beside them, in the order given."""
    import altair as alt

    heading = alt.TitleParams(text=title, subtitle=subtitle)
    if not bars:
        return _note(heading, nothing)
    base = alt.Chart(alt.InlineData(values=bars)).encode(
        # Vega cuts what is wider than the limit; the tooltip has all of it.
        y=alt.Y("name:N", sort=None, title=None).axis(
            labelLimit=_LABEL_WIDTH, domain=False, ticks=False, labelPadding=8
        ),
        x=alt.X("count:Q", axis=None).scale(domainMin=0, nice=False),
        tooltip=[
            alt.Tooltip("name:N", title=name),
            alt.Tooltip("count:Q", title="audits · 数量", format="d"),
        ],
    )
    drawn = base.mark_bar(cornerRadiusEnd=3, height={"band": 0.7}).encode(
        color=alt.Color("colour:N", scale=None)
    )
    numbers = base.mark_text(align="left", dx=5, fontSize=12, color=alt.ExprRef(_INK)).encode(
        text=alt.Text("count:Q", format=",d")
    )
    return alt.LayerChart(layer=[drawn, numbers], title=heading, width=_WIDTH, height=_BAR * len(bars))


def _age_panel(ages: Ages) -> alt.LayerChart:
    import altair as alt

    words = {state: " · ".join(labels.of_state(state)[:2]) for state in PENDING}
    heading = alt.TitleParams(
        text="Age of what is pending · 未出结果的审核单已等待时间", subtitle=_waiting(ages)
    )
    if not ages:
        nothing = "nothing pending has a time of submission · 未出结果的审核单都没有提交时间"
        return _note(heading, nothing if ages.unknown else "nothing pending · 没有未出结果的审核单")
    unit, chinese, hours = _unit(ages)
    size, bins = ages.bins()
    values = [
        {
            "from": start / hours,
            "to": (start + size) / hours,
            "span": f"{start / hours:g} – {(start + size) / hours:g} {unit} · {chinese}",
            "state": words[state],
            "count": count,
        }
        for (start, state), count in bins.items()
    ]
    first, last = min(start for start, _ in bins), max(start for start, _ in bins) + size
    # Leaves room on the right: a single bin as wide as the panel would look like many.
    domain = [min(first, 0) / hours, max(last, first + _FEWEST_BINS * size) / hours]
    heights = dict.fromkeys((start for start, _ in bins), 0)
    for (start, _), count in bins.items():
        heights[start] += count
    axis = f"waiting for ({unit}) · 已等待（{chinese}）"
    drawn = (
        alt.Chart(alt.InlineData(values=values))
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X("from:Q", bin="binned", title=axis, scale=alt.Scale(domain=domain)).axis(grid=False),
            x2=alt.X2("to"),
            # Below 4 Vega would label half audits on the axis.
            y=alt.Y("count:Q", title="audits · 数量")
            .scale(domainMax=max(4, *heights.values()))
            .axis(tickMinStep=1, format=",d", domain=False),
            color=alt.Color("state:N", title=None)
            .scale(domain=list(words.values()), range=[labels.of_state(state).colour for state in words])
            .legend(orient="top", labelLimit=_LABEL_WIDTH),
            tooltip=[
                alt.Tooltip("span:N", title="waiting for · 已等待"),
                alt.Tooltip("state:N", title="state · 状态"),
                alt.Tooltip("count:Q", title="audits · 数量", format=",d"),
            ],
        )
    )
    return alt.LayerChart(layer=[drawn], title=heading, width=_WIDTH, height=150)


def _waiting(ages: Ages) -> list[str]:
    """How many audits are pending, and which one has been waiting longest."""
    total = len(ages) + ages.unknown
    english, chinese = f"{total} pending", f"{total} 个未出结果"
    if ages.unknown:
        english += f", {ages.unknown} without a time of submission"
        chinese += f"，{ages.unknown} 个没有提交时间"
    lines = [f"{english} · {chinese}"]
    if ages:
        hours, result = ages.oldest()
        unit, chinese, divisor = _unit(ages)
        age = f"{hours / divisor:.1f}"
        name = f"{result.auditid}" + (f" ({truncate(result.appid, 40)})" if result.appid else "")
        lines.append(f"longest {age} {unit} · 最久 {age} {chinese}: {name}")
    return lines


def _unit(ages: Ages) -> tuple[str, str, int]:
    return ("days", "天", 24) if ages.in_days else ("hours", "小时", 1)


def _note(heading: alt.TitleParams, text: str) -> alt.LayerChart:
    """A text instead of a panel without bars: axes without data would look broken."""
    import altair as alt

    mark = alt.Chart(alt.InlineData(values=[{"note": text}])).mark_text(
        align="left", fontSize=13, color=alt.ExprRef(_INK)
    )
    placed = mark.encode(text=alt.Text("note:N"), x=alt.value(0))
    return alt.LayerChart(layer=[placed], title=heading, width=_WIDTH, height=_BAR)
