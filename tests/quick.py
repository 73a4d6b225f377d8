"""Test an installed wxaudit where the whole suite cannot run: macOS, Windows, Alpine, an old Debian.

    python tests/quick.py                  test the wxaudit that this interpreter imports
    python tests/quick.py dist/*.whl       test a wheel, in a new environment

This part needs an interpreter and the packages in ``requirements/quick.txt``; no compiler, no server, and
nothing that only Linux has, such as fork, /proc or network namespaces. All else is tested on Linux alone:
`make test`.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = {
    "client": "client demo diagnostics equal_sources mistakes token_sources_shared unawaited",
    "models": "error_texts escape pickles_of_0_1_0 pydantic state timeout",
    "wait": "polling wait wait_many",
    "batch": "batch batch_results batch_sources",
    "fake": "delivery fault_rules faults fixture issued_tokens life protocol request_log",
    "network": "quota",
    "network/answers": "body_refused echo fields json mixed_up not_wechat",
    "network/connections": "tls",
}
# It needs cryptography, which has no wheels for Intel Macs.
if sys.platform == "darwin" and platform.machine() == "x86_64":
    del TESTS["network/connections"]


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the part of the tests that runs everywhere.")
    parser.add_argument("wheel", type=Path, nargs="?", help="installed in a new environment")
    wheel: Path | None = parser.parse_args().wheel
    if wheel is None:
        return run(Path(sys.executable))
    with tempfile.TemporaryDirectory(prefix="wxaudit-quick-", ignore_cleanup_errors=True) as folder:
        return run(install(wheel, Path(folder)))


def install(wheel: Path, folder: Path) -> Path:
    """Install the wheel and what the tests need into a new environment there; return its interpreter."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    pip = [
        str(python),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--only-binary=:all:",
    ]
    subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements" / "quick.txt")], check=True)
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True)
    return python


def run(python: Path) -> int:
    """Run the demo and the tests with the interpreter; return an exit code."""
    # Windows prints Chinese only if it is told to.
    environment = {**os.environ, "PYTHONUTF8": "1"}
    where = "import platform, sys, wxaudit; print(platform.platform(), sys.version, wxaudit.__file__)"
    subprocess.run([str(python), "-c", where], check=True, env=environment)
    demo = [str(python), str(ROOT / "examples" / "demo.py")]
    subprocess.run(demo, check=True, stdout=subprocess.DEVNULL, env=environment)
    tests = [f"tests/{room}/test_{name}.py" for room, names in TESTS.items() for name in names.split()]
    pytest = [str(python), "-X", "dev", "-m", "pytest", "-c", "tests/quick.ini", "--rootdir=."]
    return subprocess.run([*pytest, *tests], cwd=ROOT, check=False, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
