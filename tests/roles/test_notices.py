"""What processes tell each other of how they stand, while PostgreSQL comes and goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from unittest.mock import patch

import psycopg
import pytest

from tests.patience import until
from workflow.app.notices import Notices

THERE: Any = object()


class Board:
    """Where notices are put up, unless something is in the way."""

    def __init__(self) -> None:
        self.in_the_way: Exception | None = None
        self.tried = 0

    def say(self, told: dict[str, dict[str, Any]]) -> None:
        self.tried += 1
        if self.in_the_way is not None:
            raise self.in_the_way

    def read(self) -> list[Any]:
        return [THERE]

    def leave(self) -> None:
        pass


@asynccontextmanager
async def telling(board: Any) -> AsyncIterator[Notices]:
    notices = Notices(board, dict)
    with patch("workflow.app.notices.EVERY", 0.001):
        task = asyncio.create_task(notices.run())
        try:
            yield notices
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def tried(board: Board) -> None:
    """Wait until it has been tried some more."""
    so_far = board.tried
    await until(lambda: board.tried > so_far + 3)


async def test_nothing_more_is_said_of_a_database_that_is_away(caplog: pytest.LogCaptureFixture) -> None:
    board = Board()
    board.in_the_way = psycopg.OperationalError("the password is")
    async with telling(board) as notices:
        await tried(board)
        assert not notices.of_all
        board.in_the_way = None
        await until(lambda: list(notices.of_all) == [THERE])
    assert not caplog.messages, "whoever folds or follows says it, once"


async def test_what_else_keeps_notices_from_being_put_up_is_told(caplog: pytest.LogCaptureFixture) -> None:
    board = Board()
    board.in_the_way = psycopg.errors.DiskFull("a disk, and somebody's words")
    async with telling(board):
        await tried(board)
    assert all("could not be told to the others (DiskFull at" in said for said in caplog.messages)
    assert caplog.messages
    assert "somebody" not in caplog.text
