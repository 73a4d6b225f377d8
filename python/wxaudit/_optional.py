"""Import optional libraries, and say how to install a missing one."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

# The extra that installs a package. Any other package is installed by its own name.
_EXTRAS = {
    "altair": "notebook",
    "arro3-core": "notebook",
    "celery": "celery",
    "cryptography": "events",
    "defusedxml": "events",
    "django": "django",
    "openpyxl": "notebook",
    "opentelemetry-api": "otel",
    "pandas": "notebook",
    "rich": "cli",
    "tomli": "cli",
    "tqdm": "notebook",
    "typer": "cli",
}

# The packages that have another name than their module.
_PACKAGES = {"arro3": "arro3-core", "opentelemetry": "opentelemetry-api"}


def import_optional(module: str, purpose: str, *, by_extra: bool = True) -> ModuleType:
    """Imports a module. `ModuleNotFoundError` says what `purpose` needs and how to install it.

    With `by_extra`, the extra that has it is named. Any other error of the import is raised as it is.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        # The missing module may be one that the library needs itself.
        missing = _package(error.name or module)
        package = _package(module)
        command = "pip install " + (
            f"'wxaudit[{_EXTRAS[package]}]'" if by_extra and package in _EXTRAS else package
        )
        raise ModuleNotFoundError(
            f"{purpose} needs {missing}, which is not installed; run: {command}\n"
            f"{purpose} 需要 {missing}，当前环境尚未安装，请运行：{command}",
            name=error.name,
        ) from error


def _package(module: str) -> str:
    root = module.partition(".")[0]
    return _PACKAGES.get(root, root)
