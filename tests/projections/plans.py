"""How a database would answer a query, if there were many rows."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, event


def asked_of(connection: Connection, query: Callable[[Connection], object]) -> list[str]:
    """The steps in which the one statement of a query is answered."""
    statements: list[tuple[str, tuple[object, ...]]] = []

    def note(_: object, __: object, statement: str, parameters: tuple[object, ...], *___: object) -> None:
        statements.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    query(connection)
    event.remove(connection, "before_cursor_execute", note)
    ((statement, parameters),) = statements
    explain = "EXPLAIN QUERY PLAN"
    if connection.dialect.name == "postgresql":
        explain = "EXPLAIN"
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # of few rows it reads all
        connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
    return [str(row[-1]) for row in connection.exec_driver_sql(f"{explain} {statement}", parameters)]
