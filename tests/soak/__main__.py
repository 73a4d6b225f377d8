"""Run the soak and print what came of it: `make soak SOAK_MINUTES=30`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from soak.samples import slopes, take_sample
from soak.tally import Tally, Workers
from soak.tasks import AsyncSoak
from soak.threads import BlockingSoak
from soak.world import World

SAMPLE_INTERVAL_SECONDS = 5.0
# Calls end within their limit of a minute; after this time a worker hangs.
END_WITHIN_SECONDS = 90.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder:
        strays = Path(folder) / "strays"
        strays.touch()
        return soak(minutes, Tally(strays), World(strays))


def soak(minutes: float, tally: Tally, servers: World) -> int:
    """Runs all workers for that long, prints what came of it, and returns the exit code."""
    with servers as world:
        workers, tasks = Workers(tally), AsyncSoak(world, tally)
        BlockingSoak(world, tally).add_to(workers)
        begun = time.monotonic()
        workers.start()
        tasks.start()
        samples = [take_sample(begun)]
        try:
            while samples[-1].seconds < minutes * 60:
                time.sleep(min(SAMPLE_INTERVAL_SECONDS, minutes * 60 / 10))
                samples.append(take_sample(begun))
                if len(samples) % 12 == 0:
                    now = samples[-1]
                    print(
                        f"{now.seconds / 60:.1f} min: {tally.right_count:,} right, "
                        f"{tally.wrong_count} wrong, {sys.getallocatedblocks():,} blocks, "
                        f"{now.megabytes:.1f} MB, {now.descriptors} descriptors, {now.threads} threads",
                        flush=True,
                    )
        finally:
            tally.stop.set()
            hanging = [*workers.join(END_WITHIN_SECONDS), *tasks.join(END_WITHIN_SECONDS)]
    print("\n".join(tally.lines()))
    found = slopes(samples)
    print("\n".join(map(str, found)))
    print(f"{samples[-1].seconds / 60:.1f} minutes, {len(samples)} samples; hanging: {hanging or 'none'}")
    return int(tally.wrong_count > 0 or bool(hanging) or any(slope.is_steep for slope in found))


if __name__ == "__main__":
    sys.exit(main())
