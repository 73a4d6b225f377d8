"""Run all scenarios with one client, search all channels, and report.

`python -m secrecy.driver KIND`, or `… KIND TOKEN` for the deliberate leaks, one of which is the command line.
Standard output has one line of JSON for each scenario, and a last one with the observations of the servers.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import secrecy.libraries  # noqa: F401  # first, since it freezes all objects
import wxaudit
from secrecy.canary import find
from secrecy.channels import CHANNELS
from secrecy.channels.plants import PLANTS
from secrecy.objects import ObjectWalk
from secrecy.observation import Observation, observe
from secrecy.scenario import Servers
from secrecy.scenarios import SCENARIOS
from secrecy.stage import Stage
from secrecy.streams import Streams

if TYPE_CHECKING:
    from secrecy.scenario import Scenario

# Part of the file names of its frames.
_LIBRARY = str(Path(wxaudit.__file__).parent / "_").encode()


def report(scenario: Scenario, seen: Observation) -> tuple[dict[str, Any], bool]:
    """The outcome of a scenario, the hits in each channel, and the number of searched characters; and whether
    texts of live objects were left out, since a caller passed them.
    """
    hits: dict[str, list[str]] = {}
    failed: dict[str, str] = {}
    searched = 0
    for name, texts_of in CHANNELS.items():
        try:
            texts = list(texts_of(seen))
        except Exception as error:
            # An exception of a channel (such as in a repr) hides an error from its readers.
            failed[name] = type(error).__name__
            continue
        searched += sum(map(len, texts))
        if found := list(dict.fromkeys(find(texts))):
            hits[name] = found[:3]
    as_meant = seen.error is None if scenario.ends is None else isinstance(seen.error, scenario.ends)
    line = {
        "scenario": scenario.name,
        "ended": seen.counts if seen.error is None else type(seen.error).__name__,
        "as_meant": as_meant and seen.counts == scenario.counts,
        "hits": hits,
        "failed_channels": failed,
        "searched": searched,
        "frames_in_flight": seen.stacks.count(_LIBRARY),
    }
    return line, seen.passed


def play(client_kind: str, servers: Servers, streams: Streams, *, planted: bool) -> None:
    """Reports each scenario of a client kind."""
    walk = ObjectWalk()
    walk.new_texts()
    scenarios = [(0, plant) for plant in PLANTS] if planted else list(enumerate(SCENARIOS))
    for number, scenario in scenarios:
        if client_kind in scenario.client_kinds:
            # Delete the observation before the next one, whose walk over all objects would find it.
            line, passed = report(
                scenario, observe(scenario, Stage(client_kind, servers, number, walk), streams)
            )
            if passed:
                # The error is deleted, so the arguments of the call must be deleted too.
                gc.collect()
                if found := list(find(walk.new_texts())):
                    line["hits"].setdefault("gc", found[:3])
            print(json.dumps(line), file=streams.report, flush=True)
            del line


def main(client_kind: str, *, planted: bool) -> None:
    logging.getLogger().setLevel(1)
    with subprocess.Popen(
        [sys.executable, "-m", "secrecy.world"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as world:
        assert world.stdout is not None
        servers = Servers(**json.loads(world.stdout.readline()))
        os.environ["WXAUDIT_BASE_URL"] = servers.fake
        with Streams() as streams:
            play(client_kind, servers, streams, planted=planted)
        came, _ = world.communicate(timeout=60)
    print(came.decode())


if __name__ == "__main__":
    main(sys.argv[1], planted=len(sys.argv) > 2)
