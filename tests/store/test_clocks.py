"""Clocks: aware, in UTC, and a simulated one never goes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from tests.patience import until
from workflow.clocks import RealClock, SimulatedClock
from workflow.errors import Conflict
from workflow.store.postgres import clock as of_databases
from workflow.store.postgres.clock import DatabaseClock

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_simulated_clock_stands_still_until_moved() -> None:
    clock = SimulatedClock(START.astimezone(timezone(timedelta(hours=2))))
    assert clock.now() == START
    assert clock.now().tzinfo is UTC
    clock.advance(START)
    clock.advance(START + timedelta(days=1))
    with pytest.raises(Conflict):
        clock.advance(START)
    assert clock.now() == START + timedelta(days=1)


def test_the_real_clock_is_in_utc() -> None:
    assert RealClock().now().tzinfo is UTC


class Server:
    """A database server that says one time after the other, or nothing, whenever it is asked."""

    def __init__(self, *said: Callable[[], datetime]) -> None:
        self.said = iter(said)
        self.over = False

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        say = next(self.said, None)
        if say is None:
            self.over = True
            raise psycopg.OperationalError
        yield SimpleNamespace(execute=lambda _: None, fetchall=lambda: [(say(),)])


def away() -> datetime:
    raise psycopg.OperationalError


def broken() -> datetime:
    raise ValueError


def at(hour: float) -> Callable[[], datetime]:
    return lambda: (START + timedelta(hours=hour)).astimezone(timezone(timedelta(hours=2)))


def clock_of(server: Any, passed: list[float]) -> DatabaseClock:
    return DatabaseClock(server, lambda: passed[-1])


def test_between_two_looks_the_clock_of_a_database_goes_on_by_what_has_passed() -> None:
    passed = [1_000.0]
    clock = clock_of(Server(at(0)), passed)
    assert (clock.now(), clock.now().tzinfo) == (START, UTC)
    passed.append(1_060.0)
    assert clock.now() == START + timedelta(minutes=1)


async def test_the_clock_of_a_database_is_followed_back_and_forth_and_over_what_keeps_it_from_being_looked_at(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(of_databases, "EVERY", 0.0)
    seen: list[datetime] = []

    def shown() -> datetime:
        seen.append(clock.now())
        return START + timedelta(hours=2)

    server = Server(at(0), at(9), shown, away, broken, shown)
    clock = clock_of(server, [0.0])
    following = asyncio.create_task(clock.follow())
    await until(lambda: server.over)
    following.cancel()
    assert seen == [START + timedelta(hours=9), START + timedelta(hours=2)]
    assert clock.now() == START + timedelta(hours=2)
    assert [one.getMessage().partition(" (")[0] for one in caplog.records] == [
        "the clock of the database could not be looked at"
    ]
