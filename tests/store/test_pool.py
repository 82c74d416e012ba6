"""Connections while their server is away, and once it is back."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from tests.postgres import PostgresServer
from workflow.store.postgres import pool
from workflow.store.postgres.pool import Connections


def test_it_is_tried_as_often_to_connect_after_a_long_time_as_after_a_short_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("psycopg_pool.base.AttemptWithBackoff.INITIAL_DELAY", 0.01)
    monkeypatch.setattr(pool, "_GIVES_UP_AFTER", 0.05)
    pauses: list[float] = []
    schedule = ConnectionPool.schedule_task

    def scheduled(of: Any, task: Any, delay: float) -> None:
        pauses.append(delay)
        schedule(of, task, delay)

    with PostgresServer() as server:
        connections = Connections(server.dsn(), "public")
        connections.open()
        server.kill()
        with patch.object(ConnectionPool, "schedule_task", scheduled):
            while len(pauses) < 30 and max(pauses, default=0) <= 0.05:
                with pytest.raises(psycopg.OperationalError), connections.cursor(waits=0.05):
                    raise AssertionError("nobody is there")
        server.start()
        with connections.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchall() == [(1,)]
        connections.close()
    assert max(pauses) <= 0.05
