"""Find the value of each setting: an option, the environment, the configuration file, or the default."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .._errors.tree import ArgumentError
from .._escape import truncate
from .durations import seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .options import ConnectionOptions


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ArgumentError(f"{name} must be a text, got {type(value).__name__}")
    return value


def _texts(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ArgumentError(f"{name} must be a list of texts, got {type(value).__name__}")
    return tuple(_text(name, item) for item in value)


def _number(name: str, value: object) -> int:
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    # Without the value: it may be a token in the wrong place.
    raise ArgumentError(f"{name} must be a whole number")


def _duration(name: str, value: object) -> float:
    return seconds(name, value if isinstance(value, str) else str(_number(name, value)))


class Setting(NamedTuple):
    """A setting: its name in the configuration file, and how its value is read."""

    name: str
    read: Callable[[str, object], Any]
    variable: str = ""
    option: str = ""
    default: str = ""


SETTINGS = (
    Setting("base_url", _text, "WXAUDIT_BASE_URL", "base_url", "https://api.weixin.qq.com"),
    Setting("fallback_urls", _texts),
    Setting("proxy", _text, "", "proxy"),
    Setting("ca_file", _text, "WXAUDIT_CA_FILE", "ca_file"),
    Setting("timeout", _duration, "WXAUDIT_TIMEOUT", "request_timeout", "15"),
    Setting("max_retries", _number, "WXAUDIT_MAX_RETRIES", "max_retries", "2"),
    Setting("max_concurrency", _number, "", "", "64"),
    Setting("token_file", _text, "WXAUDIT_TOKEN_FILE", "token_file"),
    Setting("token_command", _text, "WXAUDIT_TOKEN_COMMAND", "token_command"),
)
_BY_NAME = {setting.name: setting for setting in SETTINGS}
_PATHS = ("ca_file", "token_file")

TOKENS = ("token_file", "token_command")


class Value(NamedTuple):
    value: Any
    origin: str
    """Where it comes from: `--proxy`, `WXAUDIT_BASE_URL`, `profile prod of FILE`, `default`."""


@dataclass(frozen=True)
class Settings:
    """The settings of a run. A setting that has no value is missing in `values`."""

    values: Mapping[str, Value]
    config_file: Path | None
    """The configuration file that was read."""
    profile: str | None

    def get(self, name: str) -> Any:
        value = self.values.get(name)
        return None if value is None else value.value

    def client_options(self) -> dict[str, Any]:
        """The keywords of `Client`."""
        return {name: value.value for name, value in self.values.items() if name not in TOKENS}


def resolve(options: ConnectionOptions, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of a run. `ArgumentError` for a value that cannot be read, naming where it stands."""
    environment = os.environ if environment is None else environment
    path = _config_path(options, environment)
    document = {} if path is None else _read(path)
    profile, layers = _layers(options, environment, path, document)
    values: dict[str, Value] = {}
    for setting in SETTINGS:
        given = getattr(options, setting.option, None) if setting.option else None
        if given is not None:
            origin = "--" + setting.option.replace("_", "-")
            values[setting.name] = Value(setting.read(origin, given), origin)
        elif environment.get(setting.variable):
            read = setting.read(setting.variable, environment[setting.variable])
            values[setting.name] = Value(read, setting.variable)
        else:
            for origin, layer in layers:
                if setting.name in layer:
                    read = setting.read(f"{setting.name} ({origin})", layer[setting.name])
                    values[setting.name] = Value(_from(path, setting.name, read), origin)
                    break
    return Settings(values, path, profile)


def _from(path: Path | None, name: str, value: Any) -> Any:
    """A path in the configuration file is relative to that file."""
    if name not in _PATHS or path is None:
        return value
    return str(path.parent / Path(value).expanduser())


def _config_path(options: ConnectionOptions, environment: Mapping[str, str]) -> Path | None:
    explicit = options.config or environment.get("WXAUDIT_CONFIG")
    if explicit:
        path = Path(explicit).expanduser()
        if not path.is_file():
            raise ArgumentError(f"the configuration file {path} is not a file that can be read")
        return path
    home = environment.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()
    path = Path(home) / "wxaudit" / "config.toml"
    return path if path.is_file() else None


def _read(path: Path) -> dict[str, Any]:
    # Python 3.10 has no tomllib.
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        document: dict[str, Any] = toml.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ArgumentError(f"the configuration file {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        # The message of the parser names the line, and no text of it.
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else truncate(str(error), 100)
        raise ArgumentError(f"the configuration file {path} is not valid TOML: {reason}") from None
    return document


def _layers(
    options: ConnectionOptions,
    environment: Mapping[str, str],
    path: Path | None,
    document: dict[str, Any],
) -> tuple[str | None, list[tuple[str, dict[str, Any]]]]:
    """The name of the profile, and the tables of the configuration file, the most specific first."""
    profiles = document.pop("profiles", {})
    default = document.pop("default_profile", None)
    name = options.profile or environment.get("WXAUDIT_PROFILE") or default
    _check(document, f"{path}", ("default_profile", "profiles"))
    if not isinstance(profiles, dict) or not all(isinstance(table, dict) for table in profiles.values()):
        raise ArgumentError(f"{path}: profiles must be tables: write [profiles.NAME]")
    for each, table in profiles.items():
        _check(table, f"profile {truncate(each, 40)} of {path}", ())
    layers = [(f"{path}", document), ("default", {s.name: s.default for s in SETTINGS if s.default})]
    if name is None:
        return None, layers
    if not isinstance(name, str) or name not in profiles:
        known = ", ".join(truncate(each, 40) for each in profiles) or "none"
        where = path or "a configuration file, which does not exist"
        raise ArgumentError(f"the profile {truncate(str(name), 40)} is not in {where}; its profiles: {known}")
    return name, [(f"profile {name} of {path}", profiles[name]), *layers]


def _check(table: dict[str, Any], where: str, others: tuple[str, ...]) -> None:
    for key in table:
        if key in _BY_NAME:
            continue
        if "token" in key.lower():
            raise ArgumentError(
                f"{where}: tokens are not accepted in the configuration file, so {truncate(key, 40)} is not "
                "a setting; write token_command or token_file"
            )
        near = get_close_matches(key, [*_BY_NAME, *others], 1)
        hint = f"did you mean {near[0]}?" if near else f"the settings are {', '.join(_BY_NAME)}"
        raise ArgumentError(f"{where}: {truncate(key, 40)} is not a setting; {hint}")
