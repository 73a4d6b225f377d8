"""Run the benchmark, publish a run, or compare two runs: `python -m benches`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benches import chart, environments, limit, machine, report
from benches.clients import PEERS
from benches.cores import server_and_client
from benches.figures import figures, missed
from benches.plan import FULL, QUICK, Bench, Pace
from benches.runner import run_rounds, runnable
from benches.scenarios import all_scenarios
from benches.server import Server, ServerMissingError

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULTS = environments.ROOT / "benches" / "results"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benches", description=__doc__)
    commands = parser.add_subparsers(required=True)

    run = commands.add_parser("run", help="measure all scenarios and peers, or some of them")
    run.add_argument("--quick", action="store_true", help="3 short rounds instead of 7")
    run.add_argument("--rounds", type=int, help="number of rounds")
    run.add_argument("--scenario", action="append", help="only this scenario; may be repeated")
    run.add_argument("--peer", action="append", choices=PEERS, help="only this peer; may be repeated")
    run.add_argument("--results", type=Path, default=RESULTS / "latest.json", help="path of the JSON file")
    run.set_defaults(do=_run)

    publish = commands.add_parser("publish", help="put a run's tables and chart into the documentation")
    publish.add_argument("results", type=Path)
    publish.add_argument("page", type=Path, help="a page with the markers; the chart goes beside it (.svg)")
    publish.set_defaults(do=_publish)

    compare = commands.add_parser("compare", help="show how much the figures of two runs differ")
    compare.add_argument("one", type=Path)
    compare.add_argument("other", type=Path)
    compare.set_defaults(do=_compare)

    options = parser.parse_args(arguments)
    code: int = options.do(options)
    return code


def _run(options: argparse.Namespace) -> int:
    pace = QUICK if options.quick else FULL
    rounds = options.rounds or pace.rounds
    began = time.monotonic()
    missing: list[str] = []
    versions = _prepare(options.peer or PEERS, missing)
    try:
        with tempfile.TemporaryDirectory(prefix="wxaudit-benches-") as folder:
            results = _measure(options, pace, rounds, Path(folder), list(versions), missing)
    except ServerMissingError as error:
        print(f"benches: nothing was measured: {error}", file=sys.stderr)
        return 2
    results["machine"]["peers"] = versions
    results["settings"]["seconds"] = round(time.monotonic() - began)

    options.results.parent.mkdir(parents=True, exist_ok=True)
    options.results.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    text = report.markdown(results)
    options.results.with_suffix(".md").write_text(text)
    print(text)
    _progress(f"{options.results}, and .md beside it, after {results['settings']['seconds']} s")
    for figure in missed(figures(results)):
        _progress(f"{figure.verdict}: {figure.goal}, {figure.client}")
    return 0


def _prepare(peers: Sequence[str], missing: list[str]) -> dict[str, str]:
    """Return the peers that can be measured, with versions; add the reasons for others to `missing`."""
    versions = {}
    for peer in peers:
        _progress(f"environment of {peer}")
        try:
            environments.prepare(peer)
            versions[peer] = environments.versions(peer)[peer]
        except environments.PeerMissingError as error:
            missing.append(f"{peer}: does not install: {error}")
            _progress(missing[-1])
    return versions


def _measure(
    options: argparse.Namespace, pace: Pace, rounds: int, folder: Path, peers: list[str], missing: list[str]
) -> dict[str, Any]:
    cores = server_and_client()
    if cores[0] == cores[1]:
        missing.append("a second core: server and clients share one, so speeds say little")
    if not limit.available():
        missing.append("wrk, so nothing shows the limit: bash tests/install_servers.sh wrk")
    with Server(folder, cores[0]) as server:
        missing += server.missing
        there = {*server.places, *(["wrk"] if limit.available() else [])}
        wanted = [
            each for each in all_scenarios(pace) if options.scenario is None or each.name in options.scenario
        ]
        scenarios, left_out = runnable(wanted, there, peers)
        missing += left_out
        missing += [f"{peer} in asyncio: a full run measures it" for peer in pace.left_out]
        for what in missing:
            _progress(f"missing: {what}")
        return {
            "settings": {"mode": "quick" if options.quick else "full", "rounds": rounds},
            "machine": machine.describe(*cores),
            "missing": missing,
            "scenarios": run_rounds(scenarios, Bench(server.places, cores[1], folder), rounds, _progress),
        }


def _publish(options: argparse.Namespace) -> int:
    results = json.loads(options.results.read_text())
    page: Path = options.page
    page.write_text(report.insert(page.read_text(), report.markdown(results)))
    page.with_suffix(".svg").write_text(chart.svg(results))
    return 0


def _compare(options: argparse.Namespace) -> int:
    one, other = (json.loads(path.read_text()) for path in (options.one, options.other))
    print(report.compare(one, other))
    return 0


def _progress(what: str) -> None:
    print(f"benches: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
