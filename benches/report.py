"""Write a run as Markdown: the goals, a table for each scenario, what is missing, the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benches.clients import OURS
from benches.figures import AIM, Figure, figures, missed, spread_of_limit
from benches.plan import SPEED, WALL
from benches.summary import NOISE, RowSummary, Spread, summarise

if TYPE_CHECKING:
    from collections.abc import Iterable

BEGIN = "<!-- benchmark: begin; written by `make bench-docs` -->"
END = "<!-- benchmark: end -->"

_SHOWN_OF_MACHINE = (
    *("cpu", "cores", "core_of_server", "core_of_clients", "load_before", "kernel", "python"),
    *("nginx", "wrk", "openssl", "rustc", "commit", "time"),
)

_HOW_TO_READ = (
    "Medians; in brackets the middle half of the rounds. A ratio is taken within a round, against the best "
    "other client of that round."
)
_WHY_NOISY = "The machine did other work, or slowed down."

_JUDGED_BY = {
    "cpu": "CPU time a call",
    "speed": "calls a second",
    "wall": "wall time",
}


def markdown(results: dict[str, Any]) -> str:
    """Return the whole report, for the space between the markers of a page."""
    parts = [_run_in_words(results), _figures_table(figures(results))]
    parts += [_scenario(scenario) for scenario in results["scenarios"]]
    parts.append(_machine(results["machine"]))
    return "\n\n".join(part for part in parts if part) + "\n"


def insert(page: str, text: str) -> str:
    """Return the page with the text between its markers."""
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise ValueError(f"the page needs one line {BEGIN} and one {END}")
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{text}\n{END}{rest.split(END)[1]}"


def is_noisy(results: dict[str, Any]) -> bool:
    """Return whether the limit or one of our own ratios varied more than on a quiet machine."""
    moved = spread_of_limit(results)
    own = [row for scenario in results["scenarios"] for row in summarise(scenario) if row.peer == OURS]
    return (moved is not None and moved > NOISE) or any(row.is_noisy for row in own)


def _run_in_words(results: dict[str, Any]) -> str:
    settings = results["settings"]
    moved = spread_of_limit(results)
    lines = [f"{settings['rounds']} rounds, {settings['mode']}. {_HOW_TO_READ}"]
    if moved is not None:
        lines.append(f"wrk's own speed moved by {moved:.0%} from round to round.")
    if is_noisy(results):
        lines.append(f"**This run is noisy**: rows marked ~ moved by more than {NOISE:.0%}. {_WHY_NOISY}")
    missing = "\n".join(f"- {_escaped(what)}" for what in results["missing"])
    return "\n".join(lines) + (f"\n\nMissing:\n\n{missing}" if missing else "")


def _figures_table(found: list[Figure]) -> str:
    rows = [
        (
            figure.goal,
            figure.client,
            _bound(figure, figure.must),
            "" if figure.aim is None else _bound(figure, figure.aim),
            _spread(figure.measured, digits=2),
            f"**{figure.verdict}**" if figure in missed([figure]) else figure.verdict,
        )
        for figure in found
    ]
    reached = len(found) - len(missed(found))
    aims = sum(figure.verdict == AIM for figure in found)
    table = _table(("goal", "client", "must", "aim", "measured", ""), rows)
    return f"### Figures\n\n{reached} of {len(found)} met, {aims} of them with their aim.\n\n{table}"


def _bound(figure: Figure, bound: float) -> str:
    return f"{'≥' if figure.at_least else '≤'} {bound:.3g}"


def _scenario(scenario: dict[str, Any]) -> str:
    summaries = summarise(scenario)
    judged_by = _JUDGED_BY[scenario["judged_by"]]
    columns = ["client", "CPU µs a call", "calls/s", f"ratio of {judged_by}"]
    columns += ["peak MiB", "threads", "calls", "rounds", "exit"]
    rows: list[tuple[str, ...]] = [
        (
            (f"**{row.label}**" if row.peer == OURS else row.label) + (" ~" if row.is_noisy else ""),
            _spread(row.cpu_microseconds, digits=1),
            _spread(row.calls_a_second, digits=0),
            _spread(row.ratio, digits=2),
            "" if row.peak_mib is None else f"{row.peak_mib:.0f}",
            "" if row.threads is None else str(row.threads),
            "" if row.calls is None else str(row.calls),
            str(row.rounds),
            exits(row),
        )
        for row in summaries
    ]
    if scenario["judged_by"] == WALL:
        columns[1:3] = ["milliseconds"]
        in_milliseconds = [_spread(_scaled(row.wall_seconds, 1000), digits=1) for row in summaries]
        rows = [(row[0], own, *row[3:]) for row, own in zip(rows, in_milliseconds, strict=True)]
    table = _without_empty_columns(columns, rows)
    order = "more is better" if scenario["judged_by"] == SPEED else "less is better"
    failed = [f"- {row.label}: `{_escaped(_gist(row.stderr))}`" for row in summaries if row.stderr]
    said = "\n\nWhat they said on stderr:\n\n" + "\n".join(failed) if failed else ""
    return f"### {scenario['title']} · {scenario['title_zh']}\n\nBy {judged_by}: {order}.\n\n{table}{said}"


def exits(row: RowSummary) -> str:
    """Return the exit codes other than 0, with their number; signals are negative."""
    failed = sorted({code for code in row.exit_codes if code != 0}, key=str)
    if not failed:
        return "0"
    return ", ".join(f"**{code}** {row.exit_codes.count(code)} of {row.rounds} times" for code in failed)


def _machine(machine: dict[str, Any]) -> str:
    rows = [(name.replace("_", " "), str(machine.get(name, "unknown"))) for name in _SHOWN_OF_MACHINE]
    rows += sorted(machine.get("peers", {}).items())
    return f"### Machine and versions\n\n{_table(('', ''), rows)}"


def compare(one: dict[str, Any], other: dict[str, Any]) -> str:
    """Return how much the figure of each goal changed from one run to another."""
    rows = []
    for first, second in zip(figures(one), figures(other), strict=True):
        moved = ""
        if first.measured and second.measured and first.measured.median:
            moved = f"{second.measured.median / first.measured.median - 1:+.0%}"
        rows.append(
            (
                first.goal,
                first.client,
                _spread(first.measured, digits=2),
                _spread(second.measured, digits=2),
                moved,
                first.verdict if first.verdict == second.verdict else f"{first.verdict}, {second.verdict}",
            )
        )
    return _table(("goal", "client", "one run", "another run", "moved", ""), rows) + "\n"


def _spread(spread: Spread | None, *, digits: int) -> str:
    if spread is None:
        return ""
    if spread.least == spread.most:
        return f"{spread.median:.{digits}f}"
    return f"{spread.median:.{digits}f} ({spread.low:.{digits}f}–{spread.high:.{digits}f})"


def _scaled(spread: Spread | None, factor: float) -> Spread | None:
    if spread is None:
        return None
    ends = (spread.median, spread.low, spread.high, spread.least, spread.most)
    return Spread(*(end * factor for end in ends))


def _gist(text: str) -> str:
    """Return the line that names an error, or else the last one."""
    lines = text.strip().splitlines()
    telling = [line for line in lines if "error" in line.lower() or "panicked" in line]
    return (telling or lines)[-1].strip()[:160]


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")


def _without_empty_columns(columns: list[str], rows: list[tuple[str, ...]]) -> str:
    kept = [at for at in range(len(columns)) if at == 0 or any(row[at] for row in rows)]
    return _table([columns[at] for at in kept], [[row[at] for at in kept] for row in rows])


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    columns = list(columns)
    lines = [columns, ["---"] * len(columns), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
