"""Test that the search of frames leaves out only the arguments of the caller."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import wxaudit
from secrecy import passed
from secrecy.canary import FRESH_TOKEN, TOKEN, find
from secrecy.objects import ObjectWalk, attribute_texts
from secrecy.passed import Passed, formatted, frames_of, is_ours, shown_locals

if TYPE_CHECKING:
    from collections.abc import Callable

# Functions of the library, according to their file. `call` is public.
_LEAKING = """
def call(token, *, source=None):
    check(token, (token, 1), source)

def check(token, held, source):
    {leak}
    raise ValueError
"""
LEAKS = {
    "a copy": "copy = token[:1] + token[1:]",
    "a text with it": "text = f'token={token}'",
    "its bytes": "data = token.encode()",
    "a part": "part = token[:40]",
    "a copy in a tuple": "held = (token[:1] + token[1:], token)",
    "what a source gives": "given = source()",
    "what a source gives, in a dict": "given = {1: [source()]}",
    "what a source gives, beside it": "given = [token, source()]",
}


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], BaseException]:
    """The error of a call with the token as argument and a leak among its locals."""

    def fail(leak: str) -> BaseException:
        names: dict[str, Any] = {}
        file = str(Path(wxaudit.__file__).parent / "_leaking.py")
        exec(compile(_LEAKING.format(leak=leak), file, "exec"), names)  # noqa: S102  # the code is above
        monkeypatch.setattr(passed, "_PUBLIC", frozenset({names["call"].__code__}))
        with pytest.raises(ValueError, match=r"^$") as caught:
            names["call"](TOKEN.text(), source=FRESH_TOKEN.text)
        return caught.value

    return fail


def in_depth(error: BaseException) -> list[Any]:
    arguments = Passed(error)
    ours = filter(is_ours, frames_of(error))
    return [text for frame in ours for text in attribute_texts(frame, arguments)]


def test_the_argument_itself_is_left_out(fails: Callable[[str], BaseException]) -> None:
    error = fails("pass")
    assert list(shown_locals(error)) == ["held = (<passed>, 1)"]
    assert list(find(in_depth(error))) == []
    assert list(find(formatted(error))) == []
    assert "held = (<passed>, 1)" in "".join(formatted(error))


@pytest.mark.parametrize("leak", LEAKS)
def test_other_locals_are_found(fails: Callable[[str], BaseException], leak: str) -> None:
    error = fails(LEAKS[leak])
    assert list(find(shown_locals(error))) or leak == "a copy in a tuple"
    assert list(find(in_depth(error)))


def test_an_argument_of_a_function_that_is_not_public_is_found(
    fails: Callable[[str], BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    error = fails("pass")
    monkeypatch.setattr(passed, "_PUBLIC", frozenset())
    assert list(find(shown_locals(error)))
    assert list(find(in_depth(error)))
    assert list(find(formatted(error)))


def test_an_argument_that_outlives_the_error_is_found(fails: Callable[[str], BaseException]) -> None:
    walk = ObjectWalk()
    walk.new_texts()
    error = fails("pass")
    kept = error.__traceback__
    assert list(find(walk.new_texts(Passed(error).texts()))) == []
    del error
    gc.collect()
    assert list(find(walk.new_texts()))
    assert kept is not None
