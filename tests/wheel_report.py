"""Check the wheel in a folder, and print what it weighs and what its import costs: ``make wheel`` runs this.

The wheel is installed into a throw-away environment, so that what is measured is what a user gets. What can
be told for certain fails the report (a missing file, a wrong tag, too many bytes, a thread, an asyncio
import); times depend on the machine, so they are printed beside their aim and fail nothing.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
import venv
import zipfile
from pathlib import Path

SIZE_LIMIT_MEGABYTES = 4.0
IMPORT_AIM_MILLISECONDS = 15.0
RUNS = 21

# What is loaded when it is needed, and no earlier.
NOT_IMPORTED = (
    "asyncio",
    "collections",
    "contextvars",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "inspect",
    "logging",
    "socket",
    "ssl",
    "threading",
    "typing",
    "weakref",
    "wxaudit._batch",
    "wxaudit._errors.hints",
    "wxaudit._models.state",
    "wxaudit._source_threads",
)

# One wheel for all Pythons, and one for each free-threaded Python, which cannot load the stable ABI.
EXPECTED_TAG = re.compile(r"-cp310-abi3-|-(cp3\d+)-\1t-")
REQUIRES_PYTHON = "Requires-Python: >=3.10"
EXPECTED_FILES = (
    "wxaudit/__init__.py",
    "wxaudit/_native.pyi",
    "wxaudit/django/locale/zh_Hans/LC_MESSAGES/django.mo",
    "wxaudit/django/static/wxaudit/admin.css",
    "wxaudit/django/templates/admin/wxaudit/auditwatch/numbers.html",
    "wxaudit/py.typed",
    "wxaudit/testing/__init__.py",
)
# Installed beside the packages; their folder is named after the version.
EXPECTED_DATA = ("share/man/man1/wxaudit.1", "share/man/zh_CN/man1/wxaudit.1")

# Runs in the fresh interpreter. /proc counts native threads too; without it, Python's own are counted.
STATE_AFTER_IMPORT = """
import json, sys
before = set(sys.modules)
import wxaudit
after = sorted(set(sys.modules) - before)
import os, threading
tasks = "/proc/self/task"
threads = len(os.listdir(tasks)) if os.path.isdir(tasks) else threading.active_count()
descriptors = "/proc/self/fd"
# One of those listed is the listing itself.
open_files = len(os.listdir(descriptors)) - 1 if os.path.isdir(descriptors) else 3
print(json.dumps({"modules": after, "threads": threads, "open_files": open_files}))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description="Check a wheel and print its size and its import's cost.")
    parser.add_argument("folder", type=Path, help="the folder that holds the wheel, and no other wheel")
    wheels = sorted(parser.parse_args().folder.glob("*.whl"))
    if len(wheels) != 1:
        print(f"wheel: expected one, found {[wheel.name for wheel in wheels]}", file=sys.stderr)
        return 1
    wheel = wheels[0]

    faults = faults_of_archive(wheel)
    with tempfile.TemporaryDirectory(prefix="wxaudit-wheel-") as folder:
        python = install(wheel, Path(folder))
        faults += report_import(python)
    for fault in faults:
        print(f"wheel: {fault}", file=sys.stderr)
    return 1 if faults else 0


def faults_of_archive(wheel: Path) -> list[str]:
    """Print the sizes of the wheel and of its library; return what is wrong with its name and contents."""
    megabytes = wheel.stat().st_size / 1e6
    print(f"wheel       {wheel.name}")
    print(f"platform    {wheel.stem.split('-')[-1]}")
    print(f"size        {megabytes:.2f} MB (limit {SIZE_LIMIT_MEGABYTES:.0f} MB)")
    faults = []
    if megabytes > SIZE_LIMIT_MEGABYTES:
        faults.append(f"{megabytes:.2f} MB is over the limit of {SIZE_LIMIT_MEGABYTES:.0f} MB")
    if not EXPECTED_TAG.search(wheel.name):
        faults.append(f"{wheel.name} is tagged neither cp310-abi3 nor for a free-threaded Python")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = [archive.read(name).decode() for name in names if name.endswith(".dist-info/METADATA")]
        scripts = [archive.read(name).decode() for name in names if name.endswith("entry_points.txt")]
        libraries = [entry for entry in archive.infolist() if entry.filename.startswith("wxaudit/_native.")]
        libraries = [entry for entry in libraries if not entry.filename.endswith(".pyi")]
        contents = [archive.read(library) for library in libraries]
    for library in libraries:
        print(f"library     {library.filename}, {library.file_size / 1e6:.2f} MB unpacked")
    if len(libraries) != 1:
        faults.append(f"expected one native library, found {len(libraries)}")
    for content in contents:
        faults += faults_of_glibc(wheel, content)
    faults += [f"{name} is missing" for name in EXPECTED_FILES if name not in names]
    faults += [
        f"{name} is missing"
        for name in EXPECTED_DATA
        if not any(each.endswith(f".data/data/{name}") for each in names)
    ]
    if not any(name.endswith(".dist-info/licenses/LICENSE") for name in names):
        faults.append("the licence is missing")
    if not any(REQUIRES_PYTHON in text.splitlines() for text in metadata):
        faults.append(f"its metadata does not say {REQUIRES_PYTHON}, which pip shows on an older Python")
    if not any("wxaudit=wxaudit._cli:main" in script for script in scripts):
        faults.append("the program wxaudit is missing")
    return faults


def faults_of_glibc(wheel: Path, library: bytes) -> list[str]:
    """Print the newest glibc that the library asks for, which must not be newer than the wheel's tag says."""
    tags = re.findall(r"manylinux_(\d+)_(\d+)_", wheel.name)
    # The names of versions of symbols, in the table of strings of the library.
    versions = re.findall(rb"GLIBC_(\d+)\.(\d+)", library)
    if not tags or not versions:
        return []
    asked_for = max((int(major), int(minor)) for major, minor in versions)
    promised = min((int(major), int(minor)) for major, minor in tags)
    print(f"glibc       {asked_for[0]}.{asked_for[1]} or newer (the tag says {promised[0]}.{promised[1]})")
    if asked_for > promised:
        return [f"the library needs glibc {asked_for[0]}.{asked_for[1]}, newer than its tag says"]
    return []


def install(wheel: Path, folder: Path) -> Path:
    """Install the wheel, and nothing else, into a new environment in the folder; return its interpreter."""
    venv.create(folder, with_pip=False)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('platlib'))").stdout.strip()
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--no-index", "--no-deps", "--target", packages, str(wheel)], check=True)
    return python


def report_import(python: Path) -> list[str]:
    """Print what ``import wxaudit`` costs and leaves behind; return what it must not leave behind."""
    state = json.loads(run(python, "-c", STATE_AFTER_IMPORT).stdout)
    modules: list[str] = state["modules"]

    own = [import_milliseconds(python) for _ in range(RUNS)]
    bare_walls, import_walls = [], []
    for _ in range(RUNS):  # in turns, so that a busy moment hits both
        bare_walls.append(wall_milliseconds(python, "pass"))
        import_walls.append(wall_milliseconds(python, "import wxaudit"))
    difference = statistics.median(import_walls) - statistics.median(bare_walls)

    print(
        f"import      {statistics.median(own):.1f} ms by -X importtime, the fastest {min(own):.1f} ms "
        f"(aim {IMPORT_AIM_MILLISECONDS:.0f} ms), median of {RUNS}"
    )
    print(f"start-up    {difference:.1f} ms over a bare interpreter, medians of {RUNS}")
    ours = sum(name.startswith("wxaudit") for name in modules)
    print(f"modules     {len(modules)} loaded, {ours} of them wxaudit's")
    print(f"threads     {state['threads']} after import, {state['open_files']} open files")
    print(f"asyncio     {'imported' if 'asyncio' in modules else 'not imported'}")

    faults = []
    if state["threads"] != 1:
        faults.append(f"the import leaves {state['threads']} threads")
    if state["open_files"] > 3:
        faults.append(f"the import leaves {state['open_files'] - 3} files open")
    faults += [f"the import brings {module}" for module in NOT_IMPORTED if module in modules]
    return faults


def import_milliseconds(python: Path) -> float:
    """What the interpreter itself attributes to ``import wxaudit``, everything it imports included."""
    for line in run(python, "-X", "importtime", "-c", "import wxaudit").stderr.splitlines():
        # import time: self [us] | cumulative | imported package
        columns = line.split("|")
        if len(columns) == 3 and columns[2].strip() == "wxaudit":
            return int(columns[1]) / 1000
    raise RuntimeError("-X importtime printed no line for wxaudit")


def wall_milliseconds(python: Path, statement: str) -> float:
    """How long a whole interpreter takes that does only this."""
    start = time.perf_counter()
    run(python, "-c", statement)
    return (time.perf_counter() - start) * 1000


def run(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the environment's interpreter, cut off from the caller's folder and variables."""
    return subprocess.run([str(python), "-I", *arguments], check=True, capture_output=True, text=True)


if __name__ == "__main__":
    sys.exit(main())
