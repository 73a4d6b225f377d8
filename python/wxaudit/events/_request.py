"""What arrives: the query and the body, from whatever web framework, and nothing of it trusted yet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from .._errors.tree import ArgumentError

# Never an XML parser before the signature is known to be right. Base64 only, so that nothing needs decoding.
_ENCRYPT = re.compile(rb"<Encrypt>(?:<!\[CDATA\[([A-Za-z0-9+/=]*)\]\]>|([A-Za-z0-9+/=]*))</Encrypt>")
_LONGEST = 256


def parameters(query: Mapping[Any, Any] | str | bytes) -> tuple[bytes, bytes, bytes] | None:
    """`msg_signature`, `timestamp` and `nonce`; None where one is missing, empty, long, or there twice.

    Keys and values may be bytes. `ArgumentError` for a query that is none, and for values that are neither
    text, bytes nor a list of those.
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
    signature, timestamp, nonce = (_only(query, name) for name in ("msg_signature", "timestamp", "nonce"))
    return (signature, timestamp, nonce) if signature and timestamp and nonce else None


def encrypted_text(body: bytes) -> bytes | None:
    """What stands in `<Encrypt>`; None where there is not exactly one."""
    found = _ENCRYPT.findall(body)
    if len(found) != 1 or body.count(b"<Encrypt>") != 1:
        return None
    with_cdata, bare = found[0]
    return bytes(with_cdata or bare) or None


def _only(query: Mapping[Any, Any], name: str) -> bytes:
    """The one value of a parameter, empty where there is none, several or a long one."""
    values = [_encoded(value, name) for key in (name, name.encode()) for value in _values(query, key)]
    return values[0] if len(values) == 1 and len(values[0]) <= _LONGEST else b""


def _values(query: Mapping[Any, Any], key: str | bytes) -> list[Any] | tuple[Any, ...]:
    if key not in query:
        return ()
    # Django, Flask and Starlette; then aiohttp; then what parse_qs, Tornado and plain dicts hold.
    values = query.getlist(key) if hasattr(query, "getlist") else None
    if values is None:
        values = query.getall(key) if hasattr(query, "getall") else query[key]
    return values if isinstance(values, (list, tuple)) else (values,)


def _encoded(value: object, name: str) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    raise ArgumentError(f"query: {name} must be a text, bytes or a list of those, got {type(value).__name__}")
