"""Coroutines of the asyncio client that never run: they leave nothing behind, and draw nothing."""

from __future__ import annotations

import asyncio
import gc
import warnings
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from wxaudit.testing import FakeWeChat

RID = "637accc2-7d67c301-4ae3af4b"


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("get_audit_status", (5,)),
        ("get_latest_audit_status", ()),
        ("get_screenshot", ("media-id",)),
        ("get_screenshots", (["media-id"],)),
        ("explain", (RID,)),
        ("quota", ()),
    ],
)
def test_a_task_that_is_cancelled_before_it_runs_leaves_no_coroutine(
    fake: FakeWeChat, method: str, arguments: tuple[Any, ...]
) -> None:
    async def main() -> None:
        task = asyncio.create_task(getattr(fake.async_client(), method)("a-token", *arguments))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        asyncio.run(main())
        gc.collect()
    assert [str(warning.message) for warning in seen] == []
    assert fake.requests_received == 0


@pytest.mark.parametrize(
    ("method", "arguments"),
    [("get_audit_statuses", ([("a-token", 5)],)), ("get_screenshots", ("a-token", ["media-id"]))],
)
def test_a_bar_is_drawn_once_its_batch_is_awaited(
    fake: FakeWeChat, capsys: pytest.CaptureFixture[str], method: str, arguments: tuple[Any, ...]
) -> None:
    getattr(fake.async_client(), method)(*arguments, progress=True).close()
    assert capsys.readouterr().err == ""
