"""Frozen applications have all modules that Rust imports by name."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import wxaudit
from wxaudit import AuditState
from wxaudit.testing import FakeWeChat

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests" / "programs" / "frozen.py"
# What wxaudit imports if it is installed, and what that imports: a build with all of it takes minutes.
LEFT_OUT = (
    *("IPython", "PIL", "altair", "arro3", "dask", "dateutil", "django", "duckdb", "eventlet", "gevent"),
    *("hypothesis", "ipykernel", "ipywidgets", "jinja2", "mypy", "numpy", "openpyxl", "opentelemetry"),
    *("pandas", "polars", "psycopg", "pyarrow", "pygments", "pytest", "redis", "requests", "rich"),
    *("setuptools", "tkinter", "tqdm", "trio", "zmq"),
)


def test_a_frozen_application_makes_calls(tmp_path: Path) -> None:
    folders = [f"--{name}path={tmp_path / name}" for name in ("dist", "work", "spec")]
    left_out = [f"--exclude-module={name}" for name in LEFT_OUT]
    built = subprocess.run(
        [sys.executable, "-m", "PyInstaller", "--onedir", "--log-level=WARN", *folders, *left_out, PROGRAM],
        env={**os.environ, "PYINSTALLER_CONFIG_DIR": str(tmp_path / "config")},
        capture_output=True,
        text=True,
        timeout=590,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    with FakeWeChat() as fake:
        audit = fake.submit(state=AuditState.REJECTED, reason="1:标题:<br>(1):细节<br>")
        ran = subprocess.run(
            [tmp_path / "dist" / "frozen" / "frozen", fake.base_url, fake.token(), str(audit.auditid)],
            env={"PATH": os.environ["PATH"], "PYTHONUTF8": "1", "LANG": "C.UTF-8"},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == [
        "rejected (Reason(title='标题', details=('细节',)),)",
        "True",
        "True",
        "{'REJECTED': 1}",
        "请按",
        "auditid: is missing in the dict",
        "EventReceiver",
    ]


def test_each_module_that_rust_imports_is_in_an_import_statement() -> None:
    names = (ROOT / "src" / "python" / "convert" / "imports.rs").read_text()
    wanted = set(re.findall(r'"(wxaudit\.[\w.]+)"', names))
    assert "wxaudit._models.pydantic" in wanted
    assert wanted <= imported_modules(Path(wxaudit.__file__).parent)


def imported_modules(package: Path) -> set[str]:
    """The modules of the package that its import statements name, wherever they stand."""
    found: set[str] = set()
    for file in package.rglob("*.py"):
        parts = ["wxaudit", *file.relative_to(package).with_suffix("").parts]
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = parts[: -node.level] + (node.module.split(".") if node.module else [])
                found.add(".".join(base))
                found.update(".".join([*base, alias.name]) for alias in node.names)
    return found
