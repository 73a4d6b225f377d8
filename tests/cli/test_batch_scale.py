"""`wxaudit batch` takes memory for what is in flight, not for its table. `make cli-batch` has longer ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.command_line.measured_batch import ANSWERS, measure
from support.servers.nginx_server import Nginx

if TYPE_CHECKING:
    from pathlib import Path


# Parquet is written in groups of 8192 rows.
@pytest.mark.parametrize(
    ("ending", "few", "many"), [("csv", 5_000, 20_000), ("parquet", 9_000, 20_000), ("xlsx", 2_000, 8_000)]
)
def test_memory_does_not_grow_with_the_table(tmp_path: Path, ending: str, few: int, many: int) -> None:
    (tmp_path / "nginx").mkdir()
    with Nginx(tmp_path / "nginx", ANSWERS) as nginx:
        before, after = (measure(tmp_path, nginx.base_url, rows, ending) for rows in (few, many))
    print(
        f"{ending}: at most {before.peak:.1f} MB for {few} rows and {after.peak:.1f} MB for {many} (VmHWM), "
        f"{after.seconds:.1f} s"
    )
    # All outcomes of the longer table would take more than 20 MB.
    assert after.peak - before.peak < 12
