"""Define the state of an audit, and the reasons for a rejection or a delay."""

from __future__ import annotations

import enum
from operator import index

from .._errors.tree import ArgumentError
from .._language import language_of
from .._validation import choice, shown
from .value import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from typing_extensions import Self


class _ExactIntegers(enum.EnumMeta):
    """Looks states up by integers only.

    A plain IntEnum takes any value that equals a member: True would be REJECTED, and 0.0 APPROVED. A status
    of the wrong type must never be read as approved.
    """

    def __call__(cls, value: Any, *args: Any, **keywords: Any) -> Any:
        try:
            # By name: numpy's bool is not a bool of Python, and before numpy 2.3 it has an index.
            number = None if type(value).__name__ in ("bool", "bool_") else index(value)
        except TypeError:
            number = None
        if number is None:
            raise ValueError(f"an audit state must be an int, got {shown(value)}; write {cls.__name__}(0)")
        return super().__call__(number, *args, **keywords)


class AuditState(enum.IntEnum, metaclass=_ExactIntegers):
    """The state of an audit; equal to the integer that WeChat sends.

    The values are those of `get_auditstatus`. Other interfaces of WeChat use other numbers for the same
    words. Source: "api_getauditstatus" under https://developers.weixin.qq.com/doc/oplatform/openApi/

    An unknown number is kept: `AuditState(7)` is a member `UNKNOWN_7` (`UNKNOWN_MINUS_1` for -1), equal to 7
    and neither final nor pending. Each lookup makes a new member, so compare it with `==`, not with `is`.
    Anything but an integer is a `ValueError`, also a `bool`, `float` or `str`.
    """

    __module__ = "wxaudit"

    APPROVED = 0
    """审核成功: the version may be released. Final."""
    REJECTED = 1
    """审核被拒绝: the reason says why. Final."""
    IN_REVIEW = 2
    """审核中. Pending."""
    WITHDRAWN = 3
    """已撤回: the developer took the submission back. Final."""
    DELAYED = 4
    """审核延后: the reason says why; success or failure still follows. Pending."""

    @classmethod
    def _missing_(cls, value: object) -> AuditState | None:
        # Not stored: a server that sends many unknown numbers must not fill the memory.
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}" if value >= 0 else f"UNKNOWN_MINUS_{-value}"
        member._value_ = int(value)
        return member

    @property
    def is_final(self) -> bool:
        """Whether WeChat no longer changes it: approved, rejected or withdrawn."""
        return self in (AuditState.APPROVED, AuditState.REJECTED, AuditState.WITHDRAWN)

    @property
    def is_pending(self) -> bool:
        """Whether a decision still follows: under review or delayed."""
        return self in (AuditState.IN_REVIEW, AuditState.DELAYED)

    def label(self, lang: str = "en") -> str:
        """The state in words. `lang`: `"en"`, `"zh"` or a tag such as `"zh-CN"`; else `ArgumentError`."""
        language = language_of(lang) if isinstance(lang, str) else None
        if language == "en":
            return _ENGLISH.get(int(self), f"unknown ({int(self)})")
        if language == "zh":
            return _CHINESE.get(int(self), f"未知状态（{int(self)}）")
        raise ArgumentError(f'lang must be "en" or "zh", or a tag such as "zh-CN", got {choice(lang)}')

    # Python 3.10 prints the name of a member and later versions its number. Here it is always the number.
    def __str__(self) -> str:
        return str(int(self))

    def __format__(self, format_spec: str) -> str:
        return format(int(self), format_spec)

    def __reduce_ex__(self, protocol: object) -> tuple[type[AuditState], tuple[int]]:
        # By value: enum can pickle by name too, which does not find unknown members again.
        return type(self), (int(self),)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


_ENGLISH = {0: "approved", 1: "rejected", 2: "under review", 3: "withdrawn", 4: "delayed"}
_CHINESE = {0: "审核成功", 1: "审核被拒绝", 2: "审核中", 3: "已撤回", 4: "审核延后"}


class Reason(Frozen):
    """One item of the text that comes with a rejection or a delay.

    `title` is the item's heading, `details` the points below it, without numbers, `<br>` and final colons.
    A line before or after the list is a `Reason` without details, and a text of any other form is one
    `Reason` with that text as its title. All of it is untrusted text of WeChat: escape it in HTML.
    """

    __module__ = "wxaudit"
    __match_args__ = __slots__ = _fields = ("title", "details")

    def __init__(self, title: str, details: Iterable[str] = ()) -> None:
        if not isinstance(title, str):
            raise ArgumentError(f"title must be a str, got {shown(title)}")
        if isinstance(details, str) or not hasattr(details, "__iter__"):
            raise ArgumentError(
                f"details must be an iterable of str, got {shown(details)}; write a tuple such as (detail,)"
            )
        points = tuple(details)
        for point in points:
            if not isinstance(point, str):
                raise ArgumentError(f"details must hold only str, got {shown(point)}")
        self.title = title
        self.details = points

    def to_dict(self) -> dict[str, Any]:
        """`{"title": str, "details": [str, …]}`, safe for JSON."""
        return {"title": self.title, "details": list(self.details)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Reads what `to_dict` made. `ArgumentError` if `title` is missing or is not a str."""
        if not hasattr(data, "get"):
            raise ArgumentError(f"data must be a dict made by to_dict, got {shown(data)}")
        title: Any = data.get("title")  # the constructor checks it
        return cls(title, data.get("details", ()))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from .pydantic import REASON_JSON_SCHEMA, schema_of

        return schema_of(cls, REASON_JSON_SCHEMA, handler, read=cls.from_dict, write=cls.to_dict)
