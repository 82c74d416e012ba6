"""``mentoring relationship``: who is where, and whom to contact, why."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from workflow.aggregates.events import ConcernCode
from workflow.aggregates.moves import Move, State
from workflow.cli.desk import Desk, desk
from workflow.cli.facts import DOING, told
from workflow.cli.tables import ZONE, Table, foreign, minute, words
from workflow.cli.verb import AsJson, By, Data, Spoken, emit, out, settings_of, verb
from workflow.errors import Conflict, Invalid, NotFound
from workflow.guidance import Language
from workflow.web.asking import LONGEST_PAGE

Which = Annotated[
    str, typer.Argument(help="The relationship's id, or how it begins: at least 4 digits of it.")
]
Note = Annotated[str | None, typer.Option(metavar="TEXT", help="What was said; kept encrypted.")]

app = typer.Typer(no_args_is_help=True, help="Relationships: who is where, and everything about one.")

_NAMED = 5
"""Candidates that are named where a shortened id could mean several."""

_WHOLE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_SHORT = re.compile(r"[0-9a-f]{4}[0-9a-f-]{0,32}", re.IGNORECASE)


def meant(given: str) -> str:
    """An id, or how one begins; refused where it cannot be either."""
    if _WHOLE.fullmatch(given) or _SHORT.fullmatch(given):
        return given.lower()
    raise Invalid(
        "a relationship is named by its id, or by how that begins: at least 4 of the digits 0-9 and a-f",
        code="id_malformed",
    )


async def resolve(at: Desk, given: str) -> str:
    """The id that is meant by itself, or by how it begins."""
    if _WHOLE.fullmatch(given):
        return given
    page = await at.get("/v1/relationships", id_prefix=given, limit=_NAMED)
    found = [row["id"] for row in page["relationships"]]
    if not found:
        raise NotFound(
            f"no relationship's id begins with {given}; `mentoring relationship list` lists them all",
            code="id_unknown",
        )
    if len(found) > 1:
        more = "" if page["next"] is None else " and others"
        raise Conflict(f"{given} could be {', '.join(found)}{more}: give more of it", code="id_ambiguous")
    return str(found[0])


@app.command("list")
@verb
async def list_(
    data: Data = None,
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    concern: Annotated[ConcernCode | None, typer.Option(help="Only those with this concern.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = LONGEST_PAGE,
    as_json: AsJson = False,
) -> None:
    """List relationships with their states and concerns, in the order of their ids.

    `mentoring today` lists those that need somebody, the most urgent first.
    """
    found: list[dict[str, Any]] = []
    beyond = None
    async with desk(settings_of(data)) as at:
        while len(found) < limit:
            page = await at.get(
                "/v1/relationships",
                state=state.value if state else None,
                concern=concern.value if concern else None,
                beyond=beyond,
                limit=min(LONGEST_PAGE, limit - len(found)),
            )
            found += page["relationships"]
            beyond = page["next"]
            if beyond is None:
                break
    if as_json:
        emit(found)
        return
    table = Table("id", "state", "opened", "concerns", prose=["concerns"])
    for row in found:
        table.add(
            row["id"],
            row["state"],
            row["opened_at"][:10],
            ", ".join(one["code"] for one in row["concerns"]) or "–",
        )
    if found:
        table.put()
    number = "1 relationship" if len(found) == 1 else f"{len(found)} relationships"
    out.print(f"{number}{'' if beyond is None else ', and more (see --limit)'}; {ZONE}")


@app.command()
@verb
async def contacted(
    relationship: Which, data: Data = None, actor: By = None, note: Note = None, as_json: AsJson = False
) -> None:
    """Note that the coordinator spoke with a pair: that clears what asks for a support contact, or for help.

    It is a coordinator who says so: `--actor "coordinator ID"`, with the ID under which that one is known to you.
    """
    given = meant(relationship)
    async with desk(settings_of(data)) as at:
        base = f"/v1/relationships/{await resolve(at, given)}"
        done = await at.post(f"{base}/support-contacts", actor, {"note": note})
        still = (await at.get(base, after=done["position"]))["concerns"]
    if as_json:
        emit(done)
        return
    why = ", ".join(concern["why"] for concern in still)
    typer.echo(f"noted; what stands of it still: {why}" if why else "noted; nothing else stands of it")


@app.command()
@verb
async def show(
    relationship: Which,
    data: Data = None,
    language: Spoken = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Show one relationship: why it needs a look, its meetings, its journey, what is due and what happened."""
    given = meant(relationship)
    async with desk(settings_of(data)) as at:
        base = f"/v1/relationships/{await resolve(at, given)}"
        row = await at.get(base, language=language)
        timeline = (await at.get(f"{base}/timeline"))["events"]
        meetings = (await at.get(f"{base}/meetings"))["meetings"]
    if as_json:
        emit({**row, "meetings": meetings, "timeline": timeline})
        return
    out.print(
        f"[bold]{row['id']}[/] · {row['state']} · opened {minute(row['opened_at'])}; {ZONE}", soft_wrap=True
    )
    _tell_moves(row)
    _tell_concerns(row["concerns"], {event["version"]: event for event in timeline})
    for table in (_meetings(meetings), _journey(row["journey"]), _agenda(row["agenda"]), _timeline(timeline)):
        if table.rows:
            out.print()
            table.put()


def _tell_moves(row: dict[str, Any]) -> None:
    for move in row["possible"]:
        out.print(f"can {words(move)}: {DOING[Move(move)]}")
    for move in row["follows"]:
        out.print(f"may {words(move)}: that follows by itself once the facts call for it")
    if not row["possible"]:
        out.print("it is closed for good; a new relationship can be opened instead")


_NOTHING = "nothing was reported in all that time that would clear it"
_UNTOLD = {"low_dialogue": "a party answered so in a check-in, which is for that party alone"}
"""Why a concern stands that names no event."""


def _tell_concerns(concerns: list[dict[str, Any]], events: dict[int, dict[str, Any]]) -> None:
    for concern in concerns:
        about = f" ({foreign(concern['subject'])})" if concern["subject"] else ""
        out.print()
        out.print(
            f"concern: {concern['why']}{about}, since {minute(concern['since'])}; "
            f"cleared by {concern['clears']}",
            soft_wrap=True,
        )
        known = [events[version] for version in concern["evidence"] if version in events]
        for event in sorted(known, key=lambda one: (one["event"]["occurred_at"], one["version"])):
            out.print(
                f"  because {minute(_when(event['event']))} {foreign(told(event))} "
                f"(event {event['version']})",
                soft_wrap=True,
            )
        if not known:
            out.print(f"  because {_UNTOLD.get(concern['code'], _NOTHING)}", soft_wrap=True)
        if concern["guidance"]:
            out.print(f"  what may help: {concern['guidance']}", markup=False, soft_wrap=True)


def _meetings(meetings: list[dict[str, Any]]) -> Table:
    table = Table("starts", "ends", "outcome", "meeting", title="meetings")
    for one in meetings:
        table.add(
            minute(one["starts_at"]), minute(one["ends_at"]), words(one["outcome"]), foreign(one["meeting"])
        )
    return table


def _journey(journey: list[dict[str, Any]]) -> Table:
    table = Table("state", "entered", "left", title="journey")
    for stay in journey:
        withdrawn = " (withdrawn)" if stay["withdrawn"] else ""
        table.add(stay["state"] + withdrawn, minute(stay["entered_at"]), minute(stay["left_at"]))
    return table


def _agenda(agenda: list[dict[str, Any]]) -> Table:
    table = Table("due", "what the clock will ask", title="agenda")
    for due in agenda:
        table.add(minute(due["due"]), words(due["kind"]))
    return table


def _timeline(timeline: list[dict[str, Any]]) -> Table:
    table = Table("event", "when", "what", prose=["what"], title="timeline")
    for event in timeline:
        table.add(str(event["version"]), minute(event["event"]["occurred_at"]), foreign(told(event)))
    return table


def _when(event: dict[str, Any]) -> str:
    """When it happened: of a meeting its start, where that is told, for it may have been reported much later."""
    return str(event.get("starts_at") or event["occurred_at"])
