"""The pages: today, one relationship, and the charts, style and icon that they ask for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from time import monotonic
from typing import Annotated, Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from workflow.aggregates.programme import programme_id, replay_programme
from workflow.app import Service
from workflow.errors import MentoringError, NotFound
from workflow.projections import agenda, goals, journey, meetings, relationships
from workflow.projections.goals import GoalStatus
from workflow.projections.questions.overview import OUTCOMES, READS, Figures, figures
from workflow.projections.rows.generations import RunState
from workflow.projections.tables import Row
from workflow.projections.today import COUNTED, count_to_contact, to_contact
from workflow.web.asking import LONGEST_PAGE, After, Serving
from workflow.web.health import Health, look
from workflow.web.page.chart import Name, Theme
from workflow.web.page.charts_of_figures import charts
from workflow.web.page.rendering import HEADERS, page
from workflow.web.page.trouble import trouble
from workflow.web.page.words import Words, preferred

router = APIRouter(include_in_schema=False)

SHOWN = 25
"""Whom to contact: so many at first, for nobody calls more of them before noon."""

MOST_SHOWN = LONGEST_PAGE
MOST_MEETINGS = 40

_PICTURES = {**HEADERS, "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}


async def speaking(
    request: Request,
    service: Serving,
    language: Annotated[str | None, Query(max_length=20)] = None,
) -> Words:
    """The words of the language asked for, or else of the one that the browser prefers."""
    name = service.settings.programme

    def zone() -> str:
        state = replay_programme([one.event for one in service.store.stream(programme_id(name), 0)])
        return service.settings.zone if state is None else state.zone

    chosen = preferred(language, request.headers.get("accept-language"))
    return Words(chosen, ZoneInfo(await run_in_threadpool(zone)))


Speaking = Annotated[Words, Depends(speaking)]


LOOKED_AT_FOR = 10
"""So many times as long as they took to ask for, figures are good enough: they go through all relationships."""

_AT_ONCE = 0.25
"""Seconds that nobody minds: figures that take no longer are always those of now."""


class Figured(NamedTuple):
    """The figures last asked for, and what they were asked of: how far which rows were folded, and in which hour.

    ``until`` is until when they are shown even though more was folded, in seconds of the machine's own clock.
    """

    of: tuple[Any, ...]
    figures: Figures
    until: float


class Today(NamedTuple):
    """What the first page shows beside the state of the service."""

    total: int
    rows: Sequence[Row]


@router.get("/")
async def today(
    request: Request,
    service: Serving,
    w: Speaking,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=MOST_SHOWN)] = SHOWN,
) -> Response:
    """Whom to contact now, and why, and how the programme goes."""
    try:
        await service.folded(READS, after)
    except MentoringError as error:
        return trouble(w, error, request)
    health = await look(service, request.app.state.watch)
    found = await service.read(
        lambda views: Today(count_to_contact(views), to_contact(views, limit)), ("relationships",)
    )
    figured = await _figured(request, service, health)
    drawn = charts(figured, w)
    # A thousand rows take long enough that others would notice.
    return await run_in_threadpool(
        page,
        "today.html",
        w,
        **_common(request, service, health),
        total=found.total,
        counted=COUNTED,
        more=found.total - len(found.rows),
        limit=min(found.total, MOST_SHOWN),
        rows=[
            {**row, "concerns": [w.concern(one, row["state"]) for one in row["concerns"]]}
            for row in found.rows
        ],
        figures=figured,
        outcomes=[outcome.value for outcome in OUTCOMES],
        drawn={chart.name: chart for chart in drawn},
        drawing=request.app.state.drawings.ask(drawn) if drawn else None,
    )


@router.get("/relationships/{relationship}")
async def one_relationship(
    relationship: str, request: Request, service: Serving, w: Speaking, after: After = None
) -> Response:
    """Why a relationship needs somebody, what would clear that, and how it came to be where it is."""
    try:
        known = _id(relationship)
        await service.folded(("relationships", "journey", "agenda", "meetings", "policies", "goals"), after)
        found = await service.read(lambda views: _whole(views, known), ("relationships",))
        row, stays, dues, met, aims = found
        if row is None:
            raise _unknown()
    except MentoringError as error:
        return trouble(w, error, request)
    return page(
        "relationship.html",
        w,
        **_common(request, service, await look(service, request.app.state.watch)),
        row=row,
        concerns=[w.concern(one, row["state"]) for one in row["concerns"]],
        evidence=await run_in_threadpool(_evidence, service, known, row["concerns"]),
        stays=stays,
        dues=dues,
        goals=len(aims),
        open_goals=sum(goal["status"] == GoalStatus.OPEN.value for goal in aims),
        looked_at=max((goal["reviewed_at"] or goal["set_at"] for goal in aims), default=None),
        meetings=met[-MOST_MEETINGS:][::-1],
        earlier=max(len(met) - MOST_MEETINGS, 0),
    )


@router.get("/charts/{name}/{picture}")
async def chart(name: str, picture: str, request: Request) -> Response:
    """A chart that a page named, once it is drawn."""
    parts = picture.removesuffix(".svg").split("-")
    if len(parts) == 2 and parts[0] in set(Name) and parts[1] in set(Theme):
        svg = await request.app.state.drawings.svg(name, Name(parts[0]), Theme(parts[1]))
        if svg is not None:
            return Response(svg, media_type="image/svg+xml", headers=_PICTURES)
    return Response(status_code=404, headers=_PICTURES)


@router.get("/style.css")
async def style() -> Response:
    """How the pages look."""
    return _file("style.css", "text/css")


@router.get("/icon.svg")
async def icon() -> Response:
    """What a browser shows beside their titles."""
    return _file("icon.svg", "image/svg+xml")


def _file(name: str, kind: str) -> Response:
    content = files(__package__).joinpath(name).read_bytes()
    return Response(content, media_type=kind, headers=_PICTURES | {"Cache-Control": "no-cache"})


def _common(request: Request, service: Service, health: Health) -> dict[str, Any]:
    """What stands on every page."""
    return {
        "now": health.now,
        "health": health,
        "lag": max((one.lag for one in health.projections), default=0),
        "paused": any(one.status is RunState.PAUSED for one in health.projections),
        "programme": service.settings.programme,
        "signed_in": request.app.state.tokens.needed,
        "asked": request.query_params.get("language"),
        "path": request.url.path,
    }


async def _figured(request: Request, service: Service, health: Health) -> Figures:
    """The figures, asked for anew only where something was folded since, or an hour has begun.

    Of very many relationships they take seconds to ask for, and are then asked for the more seldom: a service that
    takes messages in folds all the time, and a page is not to wait for them each time.
    """
    status = await run_in_threadpool(service.projections.status)
    # A rebuild may find other rows at the same position.
    stand = tuple((one.name, one.generation, one.position) for one in status if one.name in READS)
    of = (*stand, health.now.replace(minute=0, second=0, microsecond=0))
    async with request.app.state.figuring:  # of many who come at once, one asks for all
        known: Figured | None = request.app.state.figured
        begun = monotonic()
        if known is None or (known.of != of and begun >= known.until):
            found = await service.read(lambda views: figures(views, health.now), READS)
            ended = monotonic()
            took = ended - begun
            until = ended + LOOKED_AT_FOR * took if took > _AT_ONCE else ended
            request.app.state.figured = known = Figured(of, found, until)
        return known.figures


def _whole(
    views: Connection, relationship: UUID
) -> tuple[Row | None, Sequence[Row], Sequence[agenda.Due], Sequence[Row], Sequence[Row]]:
    return (
        relationships.one(views, relationship),
        journey.stays(views, relationship),
        agenda.listing(views, relationship=relationship),
        [one for one in meetings.listing(views, relationship) if one["starts_at"] is not None],
        goals.listing(views, relationship),
    )


def _evidence(
    service: Service, relationship: UUID, concerns: Sequence[Row]
) -> dict[int, tuple[str, datetime]]:
    """What the events are that concerns rest on: their names and when they happened, and nothing of what they say.

    Of a meeting that is when it began, as far as its event tells: it may have been reported much later.
    """
    versions = {version for one in concerns for version in one["evidence"]}
    if not versions:
        return {}
    return {
        one.version: (
            one.event.name.split(".")[1],
            getattr(one.event, "starts_at", None) or one.event.occurred_at,
        )
        for one in service.store.stream(relationship, min(versions) - 1)
        if one.version in versions
    }


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise _unknown() from None


def _unknown() -> NotFound:
    return NotFound("no relationship of this id is known", code="relationship_unknown")
