"""Check the source distribution in a folder, and with ``--install`` build it as a user's pip does.

``make wheel`` checks the contents; ``make sdist`` installs it too, which compiles everything in release mode.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path, PurePosixPath

SIZE_LIMIT_MEGABYTES = 2.0

REQUIRES_PYTHON = "Requires-Python: >=3.10"
EXPECTED_FILES = (
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "PKG-INFO",
    "README.md",
    "packaging/data/share/man/man1/wxaudit.1",
    "pyproject.toml",
    "python/wxaudit/django/locale/zh_Hans/LC_MESSAGES/django.mo",
    "python/wxaudit/py.typed",
    "src/lib.rs",
    "tests/core/main.rs",
)
# What a build, a test or an editor leaves behind, and what only continuous integration reads.
UNWANTED_FOLDERS = frozenset(
    (".ci", ".git", ".github", "__pycache__", "artifacts", "dist", "exports", "target", "test-artefacts")
)
UNWANTED_SUFFIXES = frozenset((".a", ".dll", ".dylib", ".log", ".pyc", ".pyd", ".rlib", ".so", ".whl"))


def main() -> int:
    parser = argparse.ArgumentParser(description="Check a source distribution.")
    parser.add_argument("folder", type=Path, help="the folder that holds it, and no other")
    parser.add_argument("--install", action="store_true", help="build and install it beside nothing but pip")
    arguments = parser.parse_args()
    archives = sorted(arguments.folder.glob("*.tar.gz"))
    if len(archives) != 1:
        print(f"sdist: expected one, found {[archive.name for archive in archives]}", file=sys.stderr)
        return 1
    faults = faults_of_archive(archives[0])
    for fault in faults:
        print(f"sdist: {fault}", file=sys.stderr)
    if arguments.install and not faults:
        print(f"installed   {install(archives[0].resolve())}")
    return 1 if faults else 0


def faults_of_archive(archive: Path) -> list[str]:
    """Print the size of the archive; return what is wrong with its contents."""
    megabytes = archive.stat().st_size / 1e6
    top = PurePosixPath(archive.name.removesuffix(".tar.gz"))
    with tarfile.open(archive) as members:
        paths = [PurePosixPath(member.name) for member in members if member.isfile()]
        metadata = members.extractfile(str(top / "PKG-INFO"))
        told = metadata.read().decode() if metadata is not None else ""
    print(f"sdist       {archive.name}, {megabytes:.2f} MB, {len(paths)} files")
    faults = []
    if megabytes > SIZE_LIMIT_MEGABYTES:
        faults.append(f"{megabytes:.2f} MB is over the limit of {SIZE_LIMIT_MEGABYTES:.0f} MB")
    if REQUIRES_PYTHON not in told.splitlines():
        faults.append(f"its metadata does not say {REQUIRES_PYTHON}, which pip shows on an older Python")
    faults += [f"{path} is outside {top}" for path in paths if top not in path.parents or ".." in path.parts]
    faults += [f"{name} is missing" for name in EXPECTED_FILES if top / name not in paths]
    faults += [
        f"{path} does not belong there"
        for path in paths
        if path.suffix in UNWANTED_SUFFIXES
        or any(part in UNWANTED_FOLDERS or part.startswith(".venv") for part in path.parts[:-1])
    ]
    return faults


def install(archive: Path) -> str:
    """Install the archive as a user does, in a new environment; return the version that is imported there."""
    with tempfile.TemporaryDirectory(prefix="wxaudit-sdist-") as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder, "Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", archive], check=True, cwd=folder)
        program = "import wxaudit; wxaudit.Client; print(wxaudit.__version__)"
        done = subprocess.run([python, "-I", "-c", program], check=True, capture_output=True, text=True)
        return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
