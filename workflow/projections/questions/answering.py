"""A question answered from what is folded, with the position that the answer is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from workflow.errors import Unavailable
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.projection import of_other_columns
from workflow.projections.questions.question import Asked, Question
from workflow.projections.tables import Row


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows with the question's columns, and the position that all that it reads had folded."""

    rows: Sequence[Row]
    position: int


def answer(connection: Connection, question: Question, asked: Asked) -> Answer:
    """What the views say; both are read in the transaction of the connection.

    Refused where rows were folded into other columns than it asks for, or are of different moments.
    """
    live = connection.exec_driver_sql("SELECT name, position, shape FROM projections WHERE live = 1").all()
    read = {name: (position, shape) for name, position, shape in live if name in question.reads}
    if others := of_other_columns(PROJECTIONS, {name: shape for name, (_, shape) in read.items()}):
        raise Unavailable(
            f"rows of an earlier version cannot answer this: rebuild {', '.join(others)}",
            code="rebuild_needed",
        )
    positions = {position for position, _ in read.values()}
    if len(positions) > 1:
        raise Unavailable(
            f"{' and '.join(sorted(read))} are folded up to different positions, so that figures would be of different "
            "moments: `mentoring projections status` tells why",
            code="moments_differ",
        )
    return Answer(question.ask(connection, asked), positions.pop())
