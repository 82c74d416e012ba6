"""What processes tell each other of how they stand, while PostgreSQL comes and goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import psycopg
import pytest

from tests.patience import until
from workflow.app.elsewhere import others
from workflow.app.notices import Notices
from workflow.consumers.meetings.status import IntakeStatus
from workflow.settings import Role
from workflow.store.postgres.board import Notice

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


def test_a_process_of_another_version_is_told_of_as_far_as_it_is_understood() -> None:
    assert told_by(asdict(RUNNING) | {"more": 1}) == RUNNING


def test_a_process_of_another_version_that_says_too_little_is_not_told_of() -> None:
    assert told_by({"state": "running"}) is None


RUNNING = IntakeStatus("running", None, None, "stream/0", 7, 3)


def told_by(status: dict[str, Any]) -> IntakeStatus | None:
    """What is told of intake elsewhere, where a process says this."""
    notice = Notice(uuid4(), Role.INTAKE, "there", datetime.now(UTC), {"at_work": True, "status": status})
    service: Any = SimpleNamespace(
        instance=uuid4(),
        duties=SimpleNamespace(at_work=set()),
        notices=SimpleNamespace(of_all=[notice], at_work=lambda _: [notice]),
    )
    return others(service).intake
