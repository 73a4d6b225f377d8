"""The optional libraries: imported when something needs them, and named clearly where they are missing."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

# Which extra brings a package; anything else is installed under its own name.
_EXTRAS = {
    "altair": "notebook",
    "arro3-core": "notebook",
    "cryptography": "events",
    "defusedxml": "events",
    "opentelemetry-api": "otel",
    "pandas": "notebook",
    "tqdm": "notebook",
}

# Modules whose package has another name.
_PACKAGES = {"arro3": "arro3-core", "opentelemetry": "opentelemetry-api"}


def import_optional(module: str, purpose: str) -> ModuleType:
    """The module, imported; `ModuleNotFoundError` says what `purpose` lacks and how to install it.

    An installed library that cannot be imported for another reason says so itself.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        # What is missing may be something that the library needs in turn.
        missing = _package(error.name or module)
        package = _package(module)
        command = "pip install " + (f"'wxaudit[{_EXTRAS[package]}]'" if package in _EXTRAS else package)
        raise ModuleNotFoundError(
            f"{purpose} needs {missing}, which is not installed; run: {command}\n"
            f"{purpose} 需要 {missing}，当前环境尚未安装，请运行：{command}",
            name=error.name,
        ) from error


def _package(module: str) -> str:
    root = module.partition(".")[0]
    return _PACKAGES.get(root, root)
