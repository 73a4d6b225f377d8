"""Read the untrusted query and body of a push, as web frameworks pass them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from .._errors.tree import ArgumentError

# A regular expression, since no XML parser may read a body whose signature is not verified. The Base64 text
# has no character that XML escapes.
_ENCRYPT = re.compile(rb"<Encrypt>(?:<!\[CDATA\[([A-Za-z0-9+/=]*)\]\]>|([A-Za-z0-9+/=]*))</Encrypt>")
_MAX_LENGTH = 256


def parameters(query: Mapping[Any, Any] | str | bytes, *names: str) -> list[bytes] | None:
    """Return the values of parameters, or None if one is missing, empty, long or repeated.

    Keys and values may be bytes. Raise `ArgumentError` for a query or a value of another type.
    """
    if isinstance(query, (str, bytes)):
        text = query.decode("latin-1") if isinstance(query, bytes) else query
        try:
            query = parse_qs(text.removeprefix("?"), keep_blank_values=True, max_num_fields=100)
        except ValueError:
            return None
    elif not isinstance(query, Mapping):
        raise ArgumentError(
            f"query must be the query string or a mapping of its parameters, got {type(query).__name__}"
        )
    values = [_only(query, name) for name in names]
    return values if all(values) else None


def encrypted_text(body: bytes) -> bytes | None:
    """Return the text of `<Encrypt>`, or None if there is not exactly one."""
    found = _ENCRYPT.findall(body)
    if len(found) != 1 or body.count(b"<Encrypt>") != 1:
        return None
    with_cdata, bare = found[0]
    return bytes(with_cdata or bare) or None


def _only(query: Mapping[Any, Any], name: str) -> bytes:
    """Return the only value of a parameter, or b"" if there is none, several or a long one."""
    values = [_encoded(value, name) for key in (name, name.encode()) for value in _values(query, key)]
    return values[0] if len(values) == 1 and len(values[0]) <= _MAX_LENGTH else b""


def _values(query: Mapping[Any, Any], key: str | bytes) -> list[Any] | tuple[Any, ...]:
    if key not in query:
        return ()
    # `getlist`: Django, Flask, Starlette. `getall`: aiohttp. Plain lists: parse_qs, Tornado.
    values = query.getlist(key) if hasattr(query, "getlist") else None
    if values is None:
        values = query.getall(key) if hasattr(query, "getall") else query[key]
    return values if isinstance(values, (list, tuple)) else (values,)


def _encoded(value: object, name: str) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    raise ArgumentError(f"query: {name} must be a str, bytes or a list of these, got {type(value).__name__}")
