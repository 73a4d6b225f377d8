"""Fetch one screenshot from WeChat for a browser, or draw in its place what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.utils.html import format_html, format_html_join

from ..._display.terminal import wrapped
from ..._errors.tree import TokenError, WxAuditError, make_error
from ..._escape import escape_controls
from .._clients import get_client, token_source
from .display import error_label, in_chinese

if TYPE_CHECKING:
    from collections.abc import Iterable

# A media_id never stands for another picture.
_CACHE_SECONDS = 24 * 3600

# Not 502: Django would mail the administrators about each picture.
_FAILED_DEPENDENCY = 424

# Of the drawing, in pixels and in columns of a terminal.
_WIDTH, _LINE_HEIGHT, _COLUMNS = 320, 18, 42


def screenshot_response(appid: str, media_id: str) -> HttpResponse:
    """The picture, or status 424 with a drawing of the error, which a page shows in the picture's place."""
    try:
        picture = get_client().get_screenshot(_token_source(appid), media_id, appid=appid)
    except WxAuditError as error:
        hint = error.hint_zh if in_chinese() else error.hint
        return _error_response(error_label(error), (error._fact(), hint))
    headers = {"Cache-Control": f"private, max-age={_CACHE_SECONDS}, immutable"}
    return _safe_response(picture.content, picture.media_type, 200, headers)


def _token_source(appid: str) -> Any:
    try:
        return token_source(appid)
    except (WxAuditError, ImproperlyConfigured):
        raise
    except Exception as error:
        # The text of the exception may contain secrets, so it is only in the cause.
        what = f"the token source failed: {type(error).__name__} was raised"
        raise make_error(TokenError, what, appid=appid) from error


def _error_response(title: str, paragraphs: Iterable[str]) -> HttpResponse:
    lines = [line for text in paragraphs for line in wrapped(escape_controls(text), _COLUMNS)]
    height = (len(lines) + 2) * _LINE_HEIGHT
    drawing = format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}"'
        ' font-family="sans-serif" font-size="13" fill="#24292f">'
        '<rect width="100%" height="100%" fill="#fff"/>'
        '<text x="8" y="{2}" font-weight="bold" fill="#b3307f">{3}</text>{4}</svg>',
        _WIDTH,
        height,
        _LINE_HEIGHT,
        title,
        format_html_join(
            "",
            '<text x="8" y="{}">{}</text>',
            ((position * _LINE_HEIGHT, line) for position, line in enumerate(lines, start=2)),
        ),
    )
    return _safe_response(
        drawing.encode(), "image/svg+xml", _FAILED_DEPENDENCY, {"Cache-Control": "no-store"}
    )


def _safe_response(content: bytes, media_type: str, status: int, headers: dict[str, str]) -> HttpResponse:
    """A response that is a picture and nothing else, also when it is opened by itself."""
    return HttpResponse(
        content,
        content_type=media_type,
        status=status,
        headers={
            **headers,
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )
