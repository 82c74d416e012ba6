"""Whom to contact now, and why: what is asked of the rows of relationships when the day begins."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, case, func, select

from workflow.aggregates.moves import State
from workflow.projections.concerns import WHY, urgency
from workflow.projections.relationships import ANSWERS, CODE, CONCERN, relationships, told
from workflow.projections.tables import Row

_SINCE = func.json_extract(CONCERN.c.value, "$.since")
_URGENCY = case({code: f"{urgency(code):02}" for code in WHY}, value=CODE, else_="99")
_PRESSING = select(func.min(_URGENCY.concat(_SINCE))).scalar_subquery()
"""How urgent the most urgent concern is, and since when it stands; as text that sorts in that order."""

_CONCERNED = (relationships.c.concerns != "[]", relationships.c.state != State.CLOSURE.value)


def to_contact(connection: Connection, limit: int = 100) -> Sequence[Row]:
    """Open relationships with concerns: by their most urgent one, and among equals by how long it stands.

    What is how urgent, ``WHY`` tells by its order.
    """
    query = select(*ANSWERS).where(*_CONCERNED).order_by(_PRESSING, relationships.c.id).limit(limit)
    return [told(row) for row in connection.execute(query).mappings()]


def count_to_contact(connection: Connection) -> int:
    """How many open relationships have concerns."""
    return connection.execute(select(func.count()).select_from(relationships).where(*_CONCERNED)).scalar_one()
