"""``mentoring events grep``: which events say something."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from workflow.aggregates.sealed import PLACEHOLDER
from workflow.cli.desk import desk
from workflow.cli.facts import tell
from workflow.cli.progress import metered
from workflow.cli.tables import words
from workflow.cli.verb import AsJson, Data, Exit, settings_of, verb
from workflow.errors import Invalid
from workflow.web.asking import LONGEST_PAGE

_HIDDEN = {PLACEHOLDER, "confidential"}
"""What stands in the place of what is not told. It is found by nothing, or it would tell which events have some."""

_FORMATS = ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"]
"""As verbs print instants, and as RFC 3339 has them."""

Matches = Callable[[str], bool]


@verb
async def grep(
    pattern: Annotated[
        str,
        typer.Argument(
            help="A plain word or part of one, in small letters or capitals; '' is in every event."
        ),
    ],
    data: Data = None,
    regex: Annotated[
        bool, typer.Option("--regex", "-E", help="The pattern is a regular expression.")
    ] = False,
    name: Annotated[
        str | None, typer.Option(help="Only events whose name has this in it, such as meeting_held.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Only events caused by messages whose source has this in it.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=_FORMATS, help="Only events recorded then (UTC) or later.", metavar="UTC"),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=_FORMATS, help="Only events recorded before then (UTC).", metavar="UTC"),
    ] = None,
    number: Annotated[
        int | None,
        typer.Option("--number", "-n", min=1, help="At most so many, the first ones.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> Exit:
    """Print the events that say something: in their name, a member, their stream, their ids or what caused them.

    They come as `mentoring events tail` prints them, while the log is being gone through. What is sealed or
    confidential is not looked into. Ends with 1 where there is none.
    """
    says, left = _matcher(pattern, regex=regex), number
    begin, end = (None if at is None else at.replace(tzinfo=UTC) for at in (since, until))
    found = False
    async with desk(settings_of(data)) as at:
        with metered("looking") as reach:
            position, over = 0, False
            while not over:
                page = await at.get("/v1/events", beyond=position, limit=LONGEST_PAGE)
                for event in page["events"]:
                    recorded = datetime.fromisoformat(event["recorded_at"])
                    if (end is not None and recorded >= end) or left == 0:
                        over = True
                        break
                    if begin is not None and recorded < begin:
                        continue
                    if _is_of(event, name, source) and any(says(text) for text in _texts(event)):
                        tell(event, as_json=as_json)
                        found, left = True, None if left is None else left - 1
                position = page["position"]
                reach(position, page["head"])
                over = over or not page["events"]
    return Exit.DONE if found else Exit.NO


def _matcher(pattern: str, *, regex: bool) -> Matches:
    if not regex:
        word = pattern.casefold()
        return lambda text: word in text.casefold()
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise Invalid(f"this is no regular expression: {error}", code="pattern_malformed") from error
    return lambda text: expression.search(text) is not None


def _is_of(event: dict[str, Any], name: str | None, source: str | None) -> bool:
    caused = event["metadata"]["source"]
    return (name is None or name.replace(" ", "_") in event["name"]) and (
        source is None or (caused is not None and source in caused)
    )


def _texts(event: dict[str, Any]) -> Iterator[str]:
    """All that an event says, as far as it is told."""
    yield event["name"]
    yield words(event["name"])  # as it is printed
    yield event["stream"]
    for part in ("metadata", "event"):
        yield from _within(event[part])


def _within(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for member in value.values():
            yield from _within(member)
    elif isinstance(value, list):
        for member in value:
            yield from _within(member)
    elif isinstance(value, bool) or value is None:
        return
    elif value not in _HIDDEN:
        yield str(value)
