"""The benchmark says what is missing, what failed, what moved; its verdicts follow from the rounds."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from benches import __main__ as command
from benches import chart, environments, processes, report, server
from benches.clients import PEERS
from benches.cores import server_and_client
from benches.figures import AIM, MISSED, MUST, UNKNOWN, figures
from benches.plan import CPU, FULL, SPEED, Bench, Row, Scenario
from benches.runner import run_rounds, runnable
from benches.scenarios import all_scenarios
from benches.summary import ratios, summarise

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]


def round_of(microseconds: float, **more: Any) -> dict[str, Any]:
    """A round of a thousand calls, each of which takes that much CPU time, and as much wall time."""
    seconds = microseconds / 1000
    return {"calls": 1000, "cpu_seconds": seconds, "wall_seconds": seconds, "exit_code": 0} | more


def scenario_of(name: str, judged_by: str, rows: dict[str, list[Any]]) -> dict[str, Any]:
    """A measured scenario; the label of a row begins with its peer."""
    return {
        "name": name,
        "title": f"title of {name}",
        "title_zh": "标题",
        "judged_by": judged_by,
        "rows": [
            {"label": label, "peer": label.split(" +")[0], "rounds": rounds} for label, rounds in rows.items()
        ],
    }


def results_of(*scenarios: dict[str, Any], missing: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a run writes."""
    return {
        "settings": {"mode": "full", "rounds": 3, "seconds": 1},
        "machine": {"cpu": "a <fast> one", "core_of_server": 0, "python": "3.11", "commit": "abc"},
        "missing": list(missing),
        "scenarios": list(scenarios),
    }


def bench(tmp_path: Path) -> Bench:
    return Bench({}, 0, tmp_path)


def row(label: str, measure: Callable[[Bench], dict[str, Any]], peer: str = "requests") -> Row:
    return Row(label, peer, measure)


def test_what_cannot_be_measured_is_named_and_the_rest_goes_on() -> None:
    scenarios, missing = runnable(all_scenarios(FULL), {"plain"}, ["requests", "wxaudit"])
    names = [scenario.name for scenario in scenarios]
    assert "sequential" in names
    assert not {"far", "tls-sequential", "tls-batch", "limit"} & set(names)
    assert "20 ms away, 256 at once: left out, since it needs far" in missing
    assert "the limit: wrk: left out, since it needs far and wrk" in missing
    assert {each.peer for scenario in scenarios for each in scenario.rows} == {"requests", "wxaudit"}


def test_without_nginx_nothing_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(server, "nginx", lambda: None)
    monkeypatch.setattr(environments, "prepare", lambda _: None)
    monkeypatch.setattr(environments, "versions", lambda peer: {peer: "1.0"})
    results = tmp_path / "results.json"
    assert command.main(["run", "--quick", "--results", str(results)]) == 2
    assert "nothing was measured: nginx is not installed: bash" in capsys.readouterr().err
    assert not results.exists()


def test_a_peer_that_does_not_install_is_named_and_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def prepare(peer: str) -> None:
        if peer == "pycurl":
            raise environments.PeerMissingError("no wheel for this machine")

    monkeypatch.setattr(environments, "prepare", prepare)
    monkeypatch.setattr(environments, "versions", lambda peer: {peer: "1.0"})
    missing: list[str] = []
    assert list(command._prepare(["requests", "pycurl", "httpx"], missing)) == ["requests", "httpx"]
    assert missing == ["pycurl: does not install: no wheel for this machine"]
    assert "- pycurl: does not install" in report.markdown(results_of(missing=tuple(missing)))


def test_rounds_go_through_all_clients_and_begin_with_another_one_each_time(tmp_path: Path) -> None:
    order: list[str] = []

    def measure_as(label: str) -> Callable[[Bench], dict[str, Any]]:
        def measure(_: Bench) -> dict[str, Any]:
            order.append(label)
            return round_of(1)

        return measure

    rows = tuple(row(label, measure_as(label)) for label in "abc")
    scenarios = [Scenario(name, name, name, CPU, rows) for name in ("one", "two")]
    results = run_rounds(scenarios, bench(tmp_path), 2, lambda _: None)
    assert "".join(order) == "abcabc" + "bcabca"
    assert [len(each["rounds"]) for scenario in results for each in scenario["rows"]] == [2] * 6


def test_what_goes_wrong_in_one_measurement_ends_no_run(tmp_path: Path) -> None:
    def measure(_: Bench) -> dict[str, Any]:
        raise ValueError("no JSON")

    rows = (row("broken", measure), row("whole", lambda _: round_of(1)))
    said: list[str] = []
    (scenario,) = run_rounds([Scenario("one", "one", "一", CPU, rows)], bench(tmp_path), 1, said.append)
    assert scenario["rows"][0]["rounds"] == [{"exit_code": None, "stderr": "ValueError: no JSON"}]
    assert scenario["rows"][1]["rounds"] == [round_of(1)]
    assert "  broken ended with exit code None" in said


def test_a_ratio_is_taken_against_the_best_other_client_of_the_same_round() -> None:
    ours = [round_of(30), round_of(90), round_of(10)]
    others = [[round_of(60), round_of(300), {"exit_code": 1}], [round_of(100), round_of(100), round_of(40)]]
    assert ratios(ours, others, CPU) == pytest.approx([30 / 60, 90 / 100, 10 / 40])
    assert ratios(ours, others, SPEED) == pytest.approx([60 / 30, 100 / 90, 40 / 10])
    assert ratios([{"exit_code": -6}, None, ours[2]], others, CPU) == pytest.approx([10 / 40])


def test_our_own_other_interfaces_are_not_peers() -> None:
    rows = {"wxaudit": [round_of(20)], "wxaudit + uvloop": [round_of(10)], "wreq": [round_of(40)]}
    ours, uvloop, wreq = summarise(scenario_of("batch", CPU, rows))[::-1]
    assert (ours.label, uvloop.label, wreq.label) == ("wreq", "wxaudit", "wxaudit + uvloop")
    assert [each.ratio.median if each.ratio else None for each in (wreq, uvloop, ours)] == [0.25, 0.5, 1.0]


def test_a_spread_of_more_than_15_per_cent_is_marked_as_noisy() -> None:
    def of(values: list[float]) -> dict[str, Any]:
        rows = {"wxaudit": [round_of(each) for each in values], "wreq": [round_of(100)] * len(values)}
        return results_of(scenario_of("batch", CPU, rows))

    quiet, loud = of([50, 51, 52, 50, 51]), of([40, 60, 50, 45, 58])
    assert not report.is_noisy(quiet)
    assert "noisy" not in report.markdown(quiet)
    assert report.is_noisy(loud)
    assert "**This run is noisy**" in report.markdown(loud)
    assert "| **wxaudit** ~ |" in report.markdown(loud)


def test_a_limit_that_moves_makes_the_whole_run_noisy() -> None:
    rows = {"wrk, 64 at once": [round_of(each) for each in (50, 100, 60, 90)]}
    limit_rows = scenario_of("limit", SPEED, rows)
    limit_rows["rows"][0]["peer"] = ""
    assert report.is_noisy(results_of(limit_rows))


def test_a_process_that_crashes_at_exit_keeps_its_measurement_and_shows_its_exit_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "interpreter", lambda _: Path(sys.executable))
    core = server_and_client()[1]
    # Without faulthandler, which `-X dev` would bring, and which says more than one line.
    program = "import os, sys; sys.stderr.write('Fatal error: at exit'); sys.stderr.flush(); os.abort()"
    crashed = processes.run_program("requests", program, core)
    assert crashed["exit_code"] == -6
    assert crashed["stderr"] == "Fatal error: at exit"

    rows = {"pyreqwest": [round_of(10), round_of(10) | crashed, round_of(10)]}
    text = report.markdown(results_of(scenario_of("sequential", CPU, rows)))
    assert "| 3 | **-6** 1 of 3 times |" in text
    assert "- pyreqwest: `Fatal error: at exit`" in text


def test_a_client_without_any_measurement_stands_last_with_its_exit_code() -> None:
    rows = {"httpx": [{"exit_code": 1, "stderr": "ModuleNotFoundError: No module named 'httpx'"}]}
    rows["wreq"] = [round_of(10)]
    table = report.markdown(results_of(scenario_of("sequential", CPU, rows)))
    assert table.index("| wreq |") < table.index("| httpx |")
    assert "| **1** 1 of 1 times |" in table


@pytest.mark.parametrize(("ours", "verdict"), [(64, AIM), (70, MUST), (80, MISSED)])
def test_verdicts_follow_from_the_rounds(ours: int, verdict: str) -> None:
    rows = {"wxaudit": [round_of(ours)] * 3, "pycurl": [round_of(100)] * 3}
    results = results_of(scenario_of("sequential", CPU, rows))
    found = {figure.goal: figure for figure in figures(results)}
    figure = found["one after another: CPU a call / best peer"]
    assert figure.measured is not None
    assert figure.verdict == verdict
    assert figure.measured.median == pytest.approx(ours / 100)
    assert found["8 threads: speed / best peer"].verdict == UNKNOWN


def test_growth_and_distance_are_judged_by_themselves() -> None:
    sizes = {"1000 queries": [round_of(50, peak_kib=1000)], "100000 queries": [round_of(60, peak_kib=1050)]}
    growth = scenario_of("growth-iterator", CPU, sizes)
    for each in growth["rows"]:
        each["peer"] = "wxaudit"
    far = scenario_of("far", SPEED, {"wxaudit": [round_of(100)]})  # ideal: 78 µs a call
    found = {figure.goal: figure for figure in figures(results_of(growth, far))}
    assert found["growth of an iterator: CPU a call"].verdict == MISSED
    assert found["growth of an iterator: peak memory"].verdict == MUST
    ideal = found["20 ms away, 256 at once: wall / ideal"]
    assert ideal.measured is not None
    assert (ideal.verdict, round(ideal.measured.median, 2)) == (MUST, 1.28)


def test_the_report_goes_between_the_markers_of_a_page(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    rows = {"wxaudit": [round_of(50)], "pipe|d": [round_of(100)]}
    results.write_text(json.dumps(results_of(scenario_of("sequential", CPU, rows))))
    page = tmp_path / "performance.md"
    page.write_text(f"# Title\n\n{report.BEGIN}\nold\n{report.END}\n\nAfter.\n")
    assert command.main(["publish", str(results), str(page)]) == 0
    text = page.read_text()
    assert text.startswith("# Title\n")
    assert text.endswith(f"{report.END}\n\nAfter.\n")
    assert "old" not in text
    assert "### title of sequential · 标题" in text
    assert (
        "| one after another: CPU a call / best peer | wxaudit | ≤ 0.75 | ≤ 0.65 | 0.50 | aim reached |"
        in text
    )
    assert "| core of server | 0 |" in text
    page.write_text("no markers")
    with pytest.raises(ValueError, match="the page needs one line"):
        command.main(["publish", str(results), str(page)])


def test_two_runs_show_how_far_their_figures_lie_apart() -> None:
    def of(ours: int) -> dict[str, Any]:
        rows = {"wxaudit": [round_of(ours)], "pycurl": [round_of(100)]}
        return results_of(scenario_of("sequential", CPU, rows))

    table = report.compare(of(70), of(77))
    assert "| wxaudit | 0.70 | 0.77 | +10% | met, missed |" in table


def test_the_chart_is_whole_svg_for_light_and_dark_pages() -> None:
    rows = {"wxaudit": [round_of(50)], "a & b": [round_of(100)], "slow": [round_of(90_000)]}
    text = chart.svg(results_of(scenario_of("sequential", CPU, rows)))
    picture = ElementTree.fromstring(text)  # noqa: S314  # it is our own
    texts = [each.text for each in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert {"wxaudit", "a & b", "50", "90000", "title of sequential · 标题"} <= set(texts)
    assert "prefers-color-scheme: dark" in text
    widths = [float(each.get("width", "")) for each in picture.iter("{http://www.w3.org/2000/svg}rect")]
    assert widths[0] < widths[1] < widths[2] < 760


@pytest.mark.parametrize("peer", PEERS)
def test_every_peer_is_pinned_by_hash_and_names_no_host(peer: str) -> None:
    text = (environments.REQUIREMENTS / f"{peer}.txt").read_text()
    assert not re.search(r"https?://|--index|--find-links", text)
    pinned = re.findall(r"^[a-z0-9_.\[\]-]+==\S+", text, re.MULTILINE | re.IGNORECASE)
    assert pinned
    assert text.count("--hash=sha256:") >= len(pinned)
    assert f"\nbench-{peer} = [" in (ROOT / "pyproject.toml").read_text()


def test_the_core_is_counted_with_the_crates_that_it_is_built_with() -> None:
    def versions(path: str) -> set[tuple[str, str]]:
        text = (ROOT / path).read_text()
        return set(re.findall(r'name = "(.+)"\nversion = "(.+)"', text))

    own, counted = versions("Cargo.lock"), versions("benches/core/Cargo.lock")
    shared = {name for name, _ in own} & {name for name, _ in counted}
    # Crates that only one of them has are not compared: those of the binding, and those of criterion.
    missing = {(name, version) for name, version in own - counted if name in shared}
    assert not missing, "cp Cargo.lock benches/core/; cargo fetch --manifest-path benches/core/Cargo.toml"
