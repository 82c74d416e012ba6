"""Whom to contact now, and why: what is asked of the rows of relationships when the day begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, select

from workflow.projections.relationships import ANSWERS, relationships, told
from workflow.projections.tables import Row

COUNTED = 10_000
"""So many of those to contact are counted, and no more: nobody contacts as many, and counting takes its time."""

_CONCERNED = relationships.c.pressing.is_not(None)


def to_contact(connection: Connection, limit: int = 100) -> Sequence[Row]:
    """Open relationships with concerns: by their most urgent one, and among equals by how long it stands.

    What is how urgent, ``WHY`` tells by its order.
    """
    return [told(row) for row in connection.execute(first_to_contact(limit)).mappings()]


def first_to_contact(limit: int) -> Select[Any]:
    """What is asked for that: an index has them in their order."""
    by_urgency = relationships.c.pressing, relationships.c.id
    return select(*ANSWERS).where(_CONCERNED).order_by(*by_urgency).limit(limit)


def count_to_contact(connection: Connection) -> int:
    """How many open relationships have concerns; of very many, so many as are counted."""
    some = select(relationships.c.pressing).where(_CONCERNED).limit(COUNTED).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()
