"""A question answered from what is folded, with the position that the answer is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, text

from workflow.projections.questions.question import Asked, Question
from workflow.projections.tables import Row

_POSITION = text("SELECT min(position) FROM projections WHERE live = 1 AND name IN :names").bindparams(
    bindparam("names", expanding=True)
)


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows with the question's columns, and the position that all that it reads had folded."""

    rows: Sequence[Row]
    position: int


def answer(connection: Connection, question: Question, asked: Asked) -> Answer:
    """What the views say; both are read in the transaction of the connection."""
    position = connection.execute(_POSITION, {"names": question.reads}).scalar_one()
    return Answer(question.ask(connection, asked), position)
