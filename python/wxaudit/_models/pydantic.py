"""Make `AuditStatus` usable as a field of pydantic models."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pydantic import GetCoreSchemaHandler, SerializationInfo
    from pydantic_core import CoreSchema

    from .._native import AuditStatus

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
        "reason": {
            "anyOf": [{"type": "string"}, {"type": "null"}],
            "description": "why it was rejected or delayed, as WeChat wrote it",
        },
        "screenshots": {"type": "array", "items": {"type": "string"}, "description": "media_ids"},
        "appid": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "the caller's label"},
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
        "user_version": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "as submitted"},
        "user_desc": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "as submitted"},
        "submitted_at": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
    },
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
    from typing import Annotated, Any

    from pydantic import WithJsonSchema
    from pydantic_core import core_schema

    from .._native import LatestAuditStatus

    schema = _LATEST_JSON_SCHEMA if issubclass(cls, LatestAuditStatus) else _JSON_SCHEMA

    def validate(value: Any, read_dict: Callable[[Any], dict[str, Any]]) -> AuditStatus:
        return value if isinstance(value, cls) else cls.from_dict(read_dict(value))

    def serialize(audit: AuditStatus, info: SerializationInfo) -> Any:
        return audit.to_dict() if info.mode == "json" else audit

    return core_schema.no_info_wrap_validator_function(
        validate,
        handler.generate_schema(Annotated[dict[str, Any], WithJsonSchema(schema)]),
        serialization=core_schema.plain_serializer_function_ser_schema(
            serialize,
            info_arg=True,
            return_schema=handler.generate_schema(Annotated[Any, WithJsonSchema(schema)]),
        ),
    )
