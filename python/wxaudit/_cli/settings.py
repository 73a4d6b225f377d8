"""Find the value of each setting: an option, the environment, the configuration file, or the default."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .._errors.tree import ArgumentError
from .._native import Token
from .configuration_file import Layer, default_path, read_layers
from .durations import seconds
from .language import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .options import ConnectionOptions


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ArgumentError(text(f"{name} must be a text in quotes", f"{name} 必须是带引号的文本"))
    return value


def _texts(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ArgumentError(
            text(
                f'{name} must be a list of texts, such as ["a", "b"]',
                f'{name} 必须是文本列表，例如 ["a", "b"]',
            )
        )
    return tuple(value)


def _number(name: str, value: object) -> int:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value.strip()):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9:
        return value
    # Without the value: it may be a token in the wrong place.
    raise ArgumentError(text(f"{name} must be a whole number", f"{name} 必须是整数"))


def _duration(name: str, value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = f"{value}"
    if not isinstance(value, str):
        raise ArgumentError(
            text(f"{name} must be a duration, such as 90 or 90s", f"{name} 必须是时长，例如 90 或 90s")
        )
    return seconds(name, value)


def _switch(name: str, value: object) -> bool:
    known = {True: True, False: False, "1": True, "true": True, "0": False, "false": False}
    if not isinstance(value, bool | str) or value not in known:
        raise ArgumentError(text(f"{name} must be true or false", f"{name} 必须是 true 或 false"))
    return known[value]


def _token(name: str, value: object) -> Token:
    given = str(value)
    if given.split() != [given]:
        raise ArgumentError(
            text(
                f"{name} has blanks or line breaks; it must be the token and nothing else",
                f"{name} 含有空格或换行；它必须只有令牌本身",
            )
        )
    return Token(given)


class Setting(NamedTuple):
    """A setting: its name in the configuration file, and how its value is read."""

    name: str
    read: Callable[[str, object], Any]
    variable: str = ""
    option: str = ""
    default: str = ""
    in_file: bool = True


SETTINGS = (
    Setting("base_url", _text, "WXAUDIT_BASE_URL", "base_url", "https://api.weixin.qq.com"),
    Setting("fallback_urls", _texts),
    Setting("proxy", _text, "", "proxy"),
    Setting("ca_file", _text, "WXAUDIT_CA_FILE", "ca_file"),
    Setting("timeout", _duration, "WXAUDIT_TIMEOUT", "request_timeout", "15"),
    Setting("max_retries", _number, "WXAUDIT_MAX_RETRIES", "max_retries", "2"),
    Setting("max_concurrency", _number, "", "", "64"),
    Setting("token", _token, "WXAUDIT_TOKEN", in_file=False),
    Setting("token_file", _text, "WXAUDIT_TOKEN_FILE", "token_file"),
    Setting("token_command", _text, "WXAUDIT_TOKEN_COMMAND", "token_command"),
    Setting(
        "token_command_timeout",
        _duration,
        "WXAUDIT_TOKEN_COMMAND_TIMEOUT",
        "token_command_timeout",
        "30",
    ),
    Setting("allow_readable_token_file", _switch, "", "allow_readable_token_file"),
)

# What concerns tokens; the other settings are keywords of `Client`.
_OF_TOKENS = frozenset({"token_command_timeout", "allow_readable_token_file"})
# Where the token comes from: at most one of them counts.
SOURCES = ("token", "token_file", "token_command")
_PATHS = ("ca_file", "token_file")
_DEFAULT = "default"


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
        """The keywords of `Client`, which has the same defaults."""
        others = _OF_TOKENS.union(SOURCES)
        return {
            name: value.value
            for name, value in self.values.items()
            if name not in others and value.origin != _DEFAULT
        }


def resolve(options: ConnectionOptions, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of a run. `ArgumentError` for a value that cannot be read, naming where it stands."""
    environment = os.environ if environment is None else environment
    explicit = options.config or environment.get("WXAUDIT_CONFIG")
    path = Path(os.path.expanduser(explicit)) if explicit else default_path(environment)
    wanted = options.profile or environment.get("WXAUDIT_PROFILE")
    names = [setting.name for setting in SETTINGS if setting.in_file]
    profile, in_file = read_layers(path, wanted, names)
    layers = [*_given(options, environment), *in_file, _defaults()]
    source = _source(layers)
    values: dict[str, Value] = {}
    for setting in SETTINGS:
        if setting.name in SOURCES and setting.name != source:
            continue
        layer = next((layer for layer in layers if setting.name in layer.values), None)
        if layer is not None:
            origin = layer.origin_of(setting.name)
            read = setting.read(layer.shown(setting.name), layer.values[setting.name])
            if layer.folder is not None and setting.name in _PATHS:
                # A path in the configuration file is relative to that file.
                read = str(layer.folder / os.path.expanduser(read))
            values[setting.name] = Value(read, origin)
    return Settings(values, path, profile)


def _given(options: ConnectionOptions, environment: Mapping[str, str]) -> Iterable[Layer]:
    """The options and the variables."""
    chosen = {
        setting.name: ("--" + setting.option.replace("_", "-"), getattr(options, setting.option, None))
        for setting in SETTINGS
        if setting.option
    }
    # A switch that was not given is False.
    yield _named(
        {name: given for name, given in chosen.items() if given[1] is not None and given[1] is not False}
    )
    variables = {
        setting.name: (setting.variable, environment[setting.variable])
        for setting in SETTINGS
        if setting.variable and environment.get(setting.variable)
    }
    yield _named(variables)


def _named(values: Mapping[str, tuple[str, Any]]) -> Layer:
    """A layer in which each setting has a name of its own."""
    return Layer(
        {name: value for name, (_, value) in values.items()},
        names={name: origin for name, (origin, _) in values.items()},
    )


def _defaults() -> Layer:
    return Layer({setting.name: setting.default for setting in SETTINGS if setting.default}, _DEFAULT)


def _source(layers: Iterable[Layer]) -> str | None:
    """The setting that the token comes from: that of the first layer that has one."""
    for layer in layers:
        found = [name for name in SOURCES if name in layer.values]
        if len(found) > 1:
            first, second = (layer.shown(name) for name in found[:2])
            raise ArgumentError(
                text(
                    f"{first} and {second} exclude each other; give one of them",
                    f"{first} 与 {second} 不能同时使用，请只保留其中一个",
                )
            )
        if found:
            return found[0]
    return None
