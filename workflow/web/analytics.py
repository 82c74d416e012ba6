"""The programme's questions, answered as JSON or CSV."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import AwareDatetime, Field

from workflow.aggregates.moves import State
from workflow.errors import Invalid, NotFound
from workflow.projections.analytics.columns import Kind
from workflow.projections.analytics.comma_separated import CommaSeparated
from workflow.projections.analytics.dictionary import column_out, dictionary
from workflow.projections.analytics.views import VIEWS
from workflow.projections.check_ins import FEWEST
from workflow.projections.questions.answering import answer
from workflow.projections.questions.catalogue import QUESTIONS
from workflow.projections.questions.question import Asked, Question
from workflow.projections.tables import Row
from workflow.web.asking import After, Serving
from workflow.web.bodies import Out
from workflow.web.problems import PROBLEMS

router = APIRouter(prefix="/v1/analytics", tags=["reads"])

CSV = "text/csv"
_JSON = "application/json"
_YEARS = range(2000, 3000)


class Form(StrEnum):
    """What an answer is written as."""

    JSON = "json"
    CSV = "csv"


class ColumnOut(Out):
    """A column, explained."""

    name: str
    type: Kind
    unit: str | None
    meaning: str
    empty: str | None = Field(description="when it is null; null where it never is")


class QuestionOut(Out):
    """A question that can be asked."""

    name: str
    asks: str = Field(description="the question in words")
    filters: tuple[str, ...] = Field(description="the queries that narrow it")
    columns: tuple[ColumnOut, ...]


class ViewOut(Out):
    """A view that any SQL client may read: in `views.db`, or in the database that keeps the facts."""

    view: str
    meaning: str
    columns: tuple[ColumnOut, ...]
    example: str = Field(description="a query to begin with")


class CatalogueOut(Out):
    """What analysts can ask, and what they can read."""

    fewest: int = Field(description="what was confided is told of so many relationships at least")
    questions: tuple[QuestionOut, ...]
    views: tuple[ViewOut, ...]


class AnswerOut(Out):
    """The answer to a question."""

    question: str
    asks: str
    now: AwareDatetime = Field(description="what the service's clock showed")
    position: int = Field(description="the position of the log that it is of")
    columns: tuple[ColumnOut, ...]
    rows: list[dict[str, Any]] = Field(
        description="by column; where figures of a row are withheld, they are null and `withheld` says which and why"
    )


@router.get("", response_model=CatalogueOut, summary="List the questions")
async def catalogue() -> Any:
    """Every question with its filters and columns, and the data dictionary of the views."""
    return {
        "fewest": FEWEST,
        "questions": [
            {
                "name": question.name,
                "asks": question.asks,
                "filters": question.filters,
                "columns": [column_out(column) for column in question.columns],
            }
            for question in QUESTIONS.values()
        ],
        "views": dictionary(VIEWS),
    }


@router.get(
    "/{question}",
    response_model=AnswerOut,
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}, 404: PROBLEMS[404]},
    summary="Answer a question",
)
async def ask(
    name: Annotated[
        str,
        Path(
            alias="question",
            description="the name of one of the questions",
            json_schema_extra={"enum": list(QUESTIONS)},
        ),
    ],
    service: Serving,
    response: Response,
    after: After = None,
    programme: Annotated[str | None, Query(max_length=100, description="only this programme")] = None,
    begin: Annotated[date | None, Query(alias="from", description="the first day (UTC)")] = None,
    end: Annotated[date | None, Query(alias="to", description="the last day (UTC)")] = None,
    day: Annotated[date | None, Query(description="the day (UTC); without it, today")] = None,
    cohort: Annotated[
        str | None,
        Query(pattern=r"^2\d{3}-(0[1-9]|1[0-2])$", description="only those opened in this month"),
    ] = None,
    state: Annotated[State | None, Query(description="only this state")] = None,
    form: Annotated[
        Form | None, Query(alias="format", description="outdoes the `Accept` header; JSON without either")
    ] = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Any:
    """One of the programme's questions, by what is folded; as JSON, or as CSV with `Accept: text/csv`.

    `GET /v1/analytics` tells what each asks, and which of the queries narrow it: others are refused. Nobody is named or
    ranked, and what was confided is told of 5 relationships or more, else withheld with the reason.
    """
    question = QUESTIONS.get(name)
    if question is None:
        raise NotFound(
            f"no question has this name; there are: {', '.join(QUESTIONS)}", code="question_unknown"
        )
    days = {"from": begin, "to": end, "day": day}
    _refuse_what_does_not_narrow(question, days | {"programme": programme, "cohort": cohort, "state": state})
    if any(one is not None and one.year not in _YEARS for one in days.values()):
        raise Invalid(f"a day is of the years {_YEARS[0]} to {_YEARS[-1]}", code="days_invalid")
    if begin is not None and end is not None and begin > end:
        raise Invalid("`from` is a day after `to`", code="days_invalid")
    asked = Asked(service.clock.now(), programme, begin, end, day, cohort, state)
    found = await service.read(lambda views: answer(views, question, asked), question.reads, after)
    headers = {"Vary": "Accept", "Mentoring-Position": str(found.position)}
    if _wants_csv(form, accept):
        kind = f"{CSV}; charset=utf-8; header=present"
        return Response(_csv(question, found.rows), media_type=kind, headers=headers)
    response.headers.update(headers)
    return {
        "question": question.name,
        "asks": question.asks,
        "now": asked.now,
        "position": found.position,
        "columns": [column_out(column) for column in question.columns],
        "rows": found.rows,
    }


def _refuse_what_does_not_narrow(question: Question, filters: dict[str, object]) -> None:
    if any(value is not None and name not in question.filters for name, value in filters.items()):
        known = f"it takes {', '.join(question.filters)}" if question.filters else "it takes none"
        raise Invalid(
            f"a filter was given that does not narrow the question {question.name}: {known}",
            code="query_unknown",
        )


def _wants_csv(form: Form | None, accept: str) -> bool:
    """Whichever of the two stands first in what is accepted, where the query does not say."""
    if form is not None:
        return form is Form.CSV
    kinds = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    return next((kind for kind in kinds if kind in {CSV, _JSON, "*/*"}), _JSON) == CSV


def _csv(question: Question, rows: Sequence[Row]) -> str:
    names = [column.name for column in question.columns]
    written = io.StringIO(newline="")
    CommaSeparated(written, names).write([row[name] for name in names] for row in rows)
    return written.getvalue()
