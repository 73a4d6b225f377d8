"""What the program needs to start, how long it takes, and what the bare package says."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
import venv
from typing import TYPE_CHECKING

import pytest

from support.command_line.run import clean_environment

if TYPE_CHECKING:
    from pathlib import Path

    from wxaudit.testing import FakeWeChat

RUNS = 11


@pytest.mark.parametrize("arguments", [[], ["--help"], ["status", "1"]])
def test_the_bare_package_says_which_extra_is_missing(tmp_path: Path, arguments: list[str]) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    python = tmp_path / "bare" / "bin" / "python"
    done = subprocess.run(
        [str(python), "-m", "wxaudit", *arguments],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "wxaudit: the command line needs typer, which is not installed; run: pip install 'wxaudit[cli]'\n"
    )


def test_the_program_loads_what_it_needs_and_no_more(fake: FakeWeChat) -> None:
    script = (
        "import sys\nfrom wxaudit._cli import main\ncode = main()\n"
        "print(*sorted(sys.modules), file=sys.stderr)\nsys.exit(code)"
    )
    audit, token = fake.submit(state=0), fake.token()
    for arguments in (["--help"], ["status", str(audit.auditid)]):
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            env=clean_environment(WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_TOKEN=token),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        loaded = {name.partition(".")[0] for name in done.stderr.split()}
        heavy = {"altair", "asyncio", "openpyxl", "pandas", "polars", "pyarrow", "rich", "ssl"}
        assert loaded & heavy == set()


def test_a_command_loads_no_other_one() -> None:
    script = (
        "import sys\nfrom wxaudit._cli import main\nmain(sys.argv[1:])\n"
        "print(*(name for name in sys.modules if name.startswith('wxaudit._cli.commands.')), file=sys.stderr)"
    )
    for arguments, loaded in ((["--help"], set()), (["status", "--help"], {"status"})):
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        names = {name.rpartition(".")[2] for name in done.stderr.split()}
        assert names == loaded | {"register"}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_list_of_commands_tells_what_their_help_tells(lang: str) -> None:
    script = (
        f"from wxaudit._cli import language\nlanguage.use({lang!r})\n"
        "from importlib import import_module\nfrom inspect import cleandoc\n"
        "from wxaudit._cli.commands.register import COMMANDS\n"
        "for name, summary in COMMANDS.items():\n"
        "    told = cleandoc(import_module(f'wxaudit._cli.commands.{name}').HELP).partition('\\n\\n')[0]\n"
        "    assert told == summary, (name, told, summary)\n"
    )
    subprocess.run([sys.executable, "-c", script], env=clean_environment(), timeout=60, check=True)


def test_how_long_it_takes_to_start(fake: FakeWeChat) -> None:
    """Printed, and not asserted: the machine may be busy."""
    audit, token = fake.submit(state=0), fake.token()
    program = [sys.executable, "-m", "wxaudit"]
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "wxaudit --help": [*program, "--help"],
        "wxaudit status": [*program, "status", str(audit.auditid)],
    }
    env = clean_environment(WXAUDIT_BASE_URL=fake.base_url, WXAUDIT_TOKEN=token)
    took: dict[str, list[float]] = {name: [] for name in commands}
    # In turns, so that a busy moment meets all of them.
    for _ in range(RUNS):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, env=env, stdout=subprocess.DEVNULL, timeout=60, check=True)
            took[name].append((time.perf_counter() - start) * 1000)
    medians = {name: statistics.median(each) for name, each in took.items()}
    bare = medians["python -c pass"]
    aims = {"wxaudit --help": 150, "wxaudit status": 200}
    print(f"\nstart of the program, medians of {RUNS}: a bare interpreter {bare:.0f} ms")
    for name, aim in aims.items():
        print(f"{name}: {medians[name] - bare:.0f} ms over it (aim {aim} ms)")
