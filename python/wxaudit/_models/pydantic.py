"""Make audits, reasons, results and batches usable as fields of pydantic models."""

from __future__ import annotations

from .._errors import tree
from .._errors.tree import ArgumentError
from .._validation import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pydantic import GetCoreSchemaHandler, SerializationInfo
    from pydantic_core import CoreSchema

    from .._errors.base import WxAuditError
    from .._native import AuditResult, AuditStatus

_TEXT_OR_NULL: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "null"}]}

REASON_JSON_SCHEMA: dict[str, Any] = {
    "title": "Reason",
    "type": "object",
    "properties": {
        "title": {"type": "string", "description": "the heading of the item, as WeChat wrote it"},
        "details": {"type": "array", "items": {"type": "string"}, "description": "the points below it"},
    },
    "required": ["title"],
}

# The dict of `AuditStatus.to_dict()`. More keys may follow; `from_dict` needs only the required ones.
_JSON_SCHEMA: dict[str, Any] = {
    "title": "AuditStatus",
    "type": "object",
    "properties": {
        "auditid": {"type": "integer", "minimum": 1, "description": "the id that submit_audit returned"},
        "status": {
            "type": "integer",
            "description": "0 approved, 1 rejected, 2 under review, 3 withdrawn, 4 delayed",
        },
        "label": {"type": "string", "description": "the state in Chinese"},
        "reason": {**_TEXT_OR_NULL, "description": "why it was rejected or delayed, as WeChat wrote it"},
        "reasons": {"type": "array", "items": REASON_JSON_SCHEMA, "description": "the items of reason"},
        "screenshots": {"type": "array", "items": {"type": "string"}, "description": "media_ids"},
        "appid": {**_TEXT_OR_NULL, "description": "the caller's label"},
        "observed_at": {"type": "string", "format": "date-time"},
        "lossy": {"type": "boolean", "description": "bytes of the answer had to be repaired"},
        "raw": {"type": "object", "description": "the answer as decoded"},
    },
    "required": ["auditid", "status"],
}

_LATEST_JSON_SCHEMA: dict[str, Any] = {
    **_JSON_SCHEMA,
    "title": "LatestAuditStatus",
    "properties": {
        **_JSON_SCHEMA["properties"],
        "user_version": {**_TEXT_OR_NULL, "description": "as submitted"},
        "user_desc": {**_TEXT_OR_NULL, "description": "as submitted"},
        "submitted_at": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
    },
}


_ERROR_JSON_SCHEMA: dict[str, Any] = {
    "title": "WxAuditError",
    "type": "object",
    "properties": {
        "type": {"type": "string", "description": "the class of the exception, such as TokenError"},
        "message": {"type": "string", "description": "what happened, and what to do"},
        "hint": {"type": "string", "description": "what to do"},
        "hint_zh": {"type": "string", "description": "the same in Chinese"},
        "details": {"type": "object", "description": "its attributes, such as errcode and rid"},
    },
    "required": ["type", "message"],
}

RESULT_JSON_SCHEMA: dict[str, Any] = {
    "title": "AuditResult",
    "type": "object",
    "properties": {
        "auditid": {
            "anyOf": [{"type": "integer"}, {"type": "null"}],
            "description": "null if the query has none",
        },
        "appid": {**_TEXT_OR_NULL, "description": "the caller's label"},
        "status": {"anyOf": [_JSON_SCHEMA, {"type": "null"}], "description": "null if there is an error"},
        "error": {
            "anyOf": [_ERROR_JSON_SCHEMA, {"type": "null"}],
            "description": "null if there is a status",
        },
        "index": {"type": "integer", "description": "the position of the query, from 0"},
        "attempts": {"type": "integer", "description": "how many requests were sent"},
    },
    "required": ["auditid"],
}


def audit_schema(
    cls: type[AuditStatus],
    source: Any,  # noqa: ARG001  # pydantic's protocol
    handler: GetCoreSchemaHandler,
) -> CoreSchema:
    """The schema for `__get_pydantic_core_schema__`.

    It accepts an instance, or a dict as `to_dict()` returns it. `model_dump()` keeps the instance;
    `model_dump(mode="json")` and `model_dump_json()` write the dict.
    """
    from .._native import LatestAuditStatus

    schema = _LATEST_JSON_SCHEMA if issubclass(cls, LatestAuditStatus) else _JSON_SCHEMA
    return schema_of(cls, schema, handler, read=cls.from_dict, write=cls.to_dict)


def result_schema(
    cls: type[AuditResult],
    source: Any,  # noqa: ARG001  # pydantic's protocol
    handler: GetCoreSchemaHandler,
) -> CoreSchema:
    """The same for results."""
    return schema_of(cls, RESULT_JSON_SCHEMA, handler, read=result_from_dict, write=result_to_dict)


def batch_schema(cls: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
    """The same for batches, which are lists of results in JSON."""
    from .._native import AuditResult

    def read(items: list[Any]) -> Any:
        return cls([item if isinstance(item, AuditResult) else result_from_dict(item) for item in items])

    schema = {"title": cls.__name__, "type": "array", "items": RESULT_JSON_SCHEMA}
    return schema_of(cls, schema, handler, read=read, write=lambda batch: [*map(result_to_dict, batch)])


def schema_of(
    cls: type[Any],
    json_schema: dict[str, Any],
    handler: GetCoreSchemaHandler,
    *,
    read: Callable[[Any], Any],
    write: Callable[[Any], Any],
) -> CoreSchema:
    """A schema that accepts an instance, or what `write` makes of one and `read` reads.

    In Python, the value stays an instance; in JSON it is what `write` makes.
    """
    from typing import Annotated, Any

    from pydantic import WithJsonSchema
    from pydantic_core import core_schema, to_jsonable_python

    def validate(value: Any, read_json: Callable[[Any], Any]) -> Any:
        return value if isinstance(value, cls) else read(read_json(value))

    def serialize(value: Any, info: SerializationInfo) -> Any:
        if info.mode != "json":
            return value
        # What pydantic itself does only for models: FastAPI's response_model_exclude={"raw"}.
        filters: Any = {"include": info.include, "exclude": info.exclude}
        return to_jsonable_python(write(value), **filters)

    plain: Any = list[Any] if json_schema["type"] == "array" else dict[str, Any]
    return core_schema.no_info_wrap_validator_function(
        validate,
        handler.generate_schema(Annotated[plain, WithJsonSchema(json_schema)]),
        serialization=core_schema.plain_serializer_function_ser_schema(
            serialize,
            info_arg=True,
            return_schema=handler.generate_schema(Annotated[Any, WithJsonSchema(json_schema)]),
        ),
    )


def result_to_dict(result: AuditResult) -> dict[str, Any]:
    """A result as a dict that is safe for JSON."""
    return {
        "auditid": result.auditid,
        "appid": result.appid,
        "status": None if result.status is None else result.status.to_dict(),
        "error": None if result.error is None else _error_to_dict(result.error),
        "index": result.index,
        "attempts": result.attempts,
    }


def result_from_dict(data: Any) -> AuditResult:
    """Reads what `result_to_dict` made. `ArgumentError` for anything else."""
    from .._native import AuditResult, AuditStatus, LatestAuditStatus

    if not isinstance(data, dict):
        raise ArgumentError(f"expected an AuditResult or its dict, got {shown(data)}")

    status, error = data.get("status"), data.get("error")
    if isinstance(status, dict):
        # Only a LatestAuditStatus has this key.
        status = (LatestAuditStatus if "submitted_at" in status else AuditStatus).from_dict(status)
    if isinstance(error, dict):
        error = _error_from_dict(error)
    index, attempts = data.get("index", 0), data.get("attempts", 0)
    try:
        return AuditResult(data.get("auditid"), data.get("appid"), status, error, index, attempts)
    except (OverflowError, TypeError) as wrong:
        raise ArgumentError(f"index and attempts must be whole numbers, 0 or more: {wrong}") from None


def _error_to_dict(error: WxAuditError) -> dict[str, Any]:
    message, details = error.args
    kind = type(error).__name__
    return {
        "type": kind,
        "message": message,
        "hint": error.hint,
        "hint_zh": error.hint_zh,
        "details": details,
    }


def _error_from_dict(data: dict[str, Any]) -> WxAuditError:
    """An error of the class that has this name; of the base class if a newer release has added it."""
    kind = tree.class_named(data.get("type"))
    message, details = data.get("message", ""), data.get("details")
    try:
        return kind(message, details if isinstance(details, dict) else {})
    except (TypeError, ValueError) as wrong:
        raise ArgumentError(f"error: expected a dict of a WxAuditError: {type(wrong).__name__}") from None
