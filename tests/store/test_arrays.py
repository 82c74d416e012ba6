"""Byte strings and texts given to PostgreSQL together: it reads what was meant, whatever they hold."""

from __future__ import annotations

from typing import Any

import pytest

from tests.postgres import PostgresServer
from workflow.store.postgres.cursor import Together
from workflow.store.postgres.pool import Connections


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("bytea", [b"", b"\x00\\x00'\"{},", bytes(range(256))]),
        ("text", ["", "NULL", '{a,"b"}\\\'', "ähnlich \N{SNOWMAN}"]),
    ],
)
def test_what_is_given_together_arrives_as_it_was(
    kind: str, values: list[Any], postgres: PostgresServer
) -> None:
    connections = Connections(postgres.dsn(), "public")
    connections.open()
    with connections.cursor() as cursor:
        among, given = cursor.among(f"told::{kind}", values)
        assert isinstance(given[0], Together)
        cursor.execute(f"SELECT told FROM unnest(%b::{kind}[]) told", [Together(values)])
        assert [told for (told,) in cursor.fetchall()] == values
        cursor.execute(f"SELECT 1 FROM (SELECT %s::{kind} AS told) asked WHERE {among}", [values[1], *given])
        assert cursor.fetchone() == (1,)
    connections.close()


def test_where_some_are_missing_the_ordinary_array_is_given(postgres: PostgresServer) -> None:
    connections = Connections(postgres.dsn(), "public")
    connections.open()
    with connections.cursor() as cursor:
        for values in ([], [b"a", None], [1, 2]):
            assert not isinstance(cursor.among("told", values)[1][0], Together)
    connections.close()
