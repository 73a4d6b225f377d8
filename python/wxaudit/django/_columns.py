"""The type of a model's field: what is read from a row, and what is set. For type checkers only.

Those of django-stubs need its plug-in for mypy; without django-stubs, a field would be an object of Django.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

if TYPE_CHECKING:
    from django.db import models

_Set = TypeVar("_Set", contravariant=True)
_Read = TypeVar("_Read", covariant=True)


class Column(Protocol[_Set, _Read]):
    @overload
    def __get__(self, instance: None, owner: Any, /) -> Any: ...
    @overload
    def __get__(self, instance: models.Model, owner: Any, /) -> _Read: ...
    def __set__(self, instance: Any, value: _Set, /) -> None: ...
