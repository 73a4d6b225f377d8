"""Value objects: immutable, compared by value, at home in pickle, copy and repr."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from typing_extensions import Self


class Frozen:
    """Base of the small value classes; a subclass names its fields in `_fields` and fills them by `_fill`.

    Hand-written, because importing `dataclasses` would cost more than the rest of the package together.
    """

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()

    def _fill(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _values(self) -> dict[str, Any]:
        # One that its constructor refused may still be shown, by whoever reports the error.
        return {name: getattr(self, name) for name in self._fields if hasattr(self, name)}

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(
            f"{type(self).__name__} is immutable: {name} cannot be set; make another {type(self).__name__}"
        )

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: {name} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), *self._values().values()))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self._values().items())
        return f"{type(self).__qualname__}({fields})"

    def __reduce__(self) -> tuple[Any, ...]:
        # By keyword and through the constructor, so that what is unpickled has been checked as well.
        return _remade, (type(self), self._values())

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __replace__(self, /, **changes: Any) -> Self:
        """For `copy.replace` of Python 3.13: the same value with some fields changed."""
        return type(self)(**{**self._values(), **changes})


def _remade(kind: type[Frozen], values: dict[str, Any]) -> Frozen:
    return kind(**values)
