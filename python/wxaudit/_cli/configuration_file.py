"""Read the configuration file, in which tokens are not accepted."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._errors.tree import ArgumentError
from .._escape import truncate
from .errors import of_system, short, shown_name, shown_path
from .language import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_OTHERS = ("default_profile", "profiles")


@dataclass(frozen=True)
class Layer:
    """Settings from one place. The first layer that has a setting gives its value."""

    values: Mapping[str, Any]
    origin: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    """The option or variable of each setting, where these differ."""
    folder: Path | None = None
    """The folder to which paths are relative."""

    def origin_of(self, name: str) -> str:
        return self.names.get(name, self.origin)

    def shown(self, name: str) -> str:
        """The setting as a message names it."""
        return self.names.get(name) or f"{name} ({self.origin})"


def default_path(environment: Mapping[str, str]) -> Path | None:
    """`~/.config/wxaudit/config.toml`, or None if nothing is there."""
    home = environment.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    path = Path(home, "wxaudit", "config.toml")
    return path if os.path.lexists(path) else None


def read_layers(
    path: Path | None, profile: str | None, settings: Sequence[str]
) -> tuple[str | None, list[Layer]]:
    """The name of the profile, and what the file sets: the tables of the profile, and of all profiles."""
    document = {} if path is None else _read(path)
    profiles = document.pop("profiles", {})
    name = profile or document.pop("default_profile", None)
    document.pop("default_profile", None)
    _check(document, f"{path}", settings, _OTHERS)
    if not isinstance(profiles, dict) or not all(isinstance(table, dict) for table in profiles.values()):
        raise ArgumentError(
            text(
                f"{path}: profiles must be tables; write [profiles.NAME]",
                f"{path}：profiles 必须是表，请写成 [profiles.NAME]",
            )
        )
    for each, table in profiles.items():
        _check(table, _of_profile(each, path), settings, ())
    folder = None if path is None else path.parent
    layers = [Layer(document, f"{path}", folder=folder)]
    if name is None:
        return None, layers
    if not isinstance(name, str) or name not in profiles:
        raise _unknown_profile(name, path, profiles)
    return name, [Layer(profiles[name], _of_profile(name, path), folder=folder), *layers]


def _of_profile(name: str, path: Path | None) -> str:
    return text(f"profile {shown_name(name)} of {path}", f"{path} 的 profile {shown_name(name)}")


def _read(path: Path) -> dict[str, Any]:
    # Python 3.10 has no tomllib.
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        document: dict[str, Any] = toml.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ArgumentError(
            text(
                f"the configuration file {shown_path(path)} cannot be read: {of_system(error)}",
                f"无法读取配置文件 {shown_path(path)}：{of_system(error)}",
            )
        ) from None
    except UnicodeDecodeError:
        raise ArgumentError(
            text(
                f"the configuration file {path} is not UTF-8; save it as UTF-8",
                f"配置文件 {path} 不是 UTF-8 编码，请另存为 UTF-8",
            )
        ) from None
    except ValueError as error:
        # What the parser quotes may be a token in the wrong place.
        reason = truncate(re.sub(r"(['\"]).{13,}\1", "…", str(error)), 100)
        raise ArgumentError(
            text(
                f"the configuration file {path} is not valid TOML: {reason}",
                f"配置文件 {path} 不是有效的 TOML：{reason}",
            )
        ) from None
    return document


def _unknown_profile(name: object, path: Path | None, profiles: Iterable[str]) -> ArgumentError:
    if path is None:
        return ArgumentError(
            text(
                "a profile is given, but there is no configuration file; write one, or name it with --config",
                "指定了 profile，但没有配置文件；请先创建，或用 --config 指定",
            )
        )
    near = get_close_matches(str(name), list(profiles), 1)
    shown = shown_name(str(name)) if near else short(name)
    known = ", ".join(shown_name(each) for each in profiles) or text("none", "无")
    english = f"did you mean {shown_name(near[0])}?" if near else f"its profiles: {known}"
    chinese = f"是否指 {shown_name(near[0])}？" if near else f"其中的 profile：{known}"
    return ArgumentError(
        text(
            f"the profile {shown} is not in {path}; {english}",
            f"{path} 中没有名为 {shown} 的 profile；{chinese}",
        )
    )


def _check(table: dict[str, Any], where: str, settings: Sequence[str], others: Sequence[str]) -> None:
    for key in table:
        if key in settings:
            continue
        is_token = "token" in key.lower()
        near = get_close_matches(key, [*settings, *others], 1, 0.8 if is_token else 0.6)
        shown = shown_name(key) if near else short(key)
        if is_token and not near:
            raise ArgumentError(
                text(
                    f"{where}: tokens are not accepted in the configuration file, so {shown} is not a "
                    "setting; write token_command or token_file",
                    f"{where}：配置文件中不能写令牌，因此没有 {shown} 这一项；请改用 token_command 或 "
                    "token_file",
                )
            )
        english = f"did you mean {near[0]}?" if near else f"the settings are {', '.join(settings)}"
        chinese = f"是否指 {near[0]}？" if near else f"可用的项：{', '.join(settings)}"
        raise ArgumentError(
            text(f"{where}: {shown} is not a setting; {english}", f"{where}：没有 {shown} 这一项；{chinese}")
        )
