"""Define the base of immutable values with equality, hash, repr, pickle and copy."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from typing_extensions import Self


class Frozen:
    """Base of the value classes. A subclass lists its fields in `_fields`; its constructor sets each once.

    `dataclasses` is not used: its import takes longer than that of the whole package.
    """

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()

    def _values(self) -> dict[str, Any]:
        # A debugger may show an instance whose constructor raised.
        return {name: getattr(self, name) for name in self._fields if hasattr(self, name)}

    def __setattr__(self, name: str, value: object) -> None:
        if name in self._fields and not hasattr(self, name):
            return super().__setattr__(name, value)
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
        # Through the constructor, which checks what is unpickled.
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
