"""``mentoring listen``: what arrives at intake, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import typer

from workflow.cli.desk import Desk, desk
from workflow.cli.verb import AsJson, Data, emit_line, out, settings_of, verb
from workflow.errors import Invalid
from workflow.store.receipts import Disposition
from workflow.web.asking import LONGEST_PAGE

_AGAIN = 0.25
_LAST = 10


@verb
async def listen(
    data: Data = None,
    follow: Annotated[
        bool, typer.Option("--follow/--no-follow", help="Go on as messages come, until Ctrl-C.")
    ] = True,
    last: Annotated[
        int, typer.Option("--last", "-n", min=0, max=5000, help="Begin with so many, the last ones.")
    ] = _LAST,
    only: Annotated[
        str | None,
        typer.Option(
            metavar="WHAT,…",
            help="Only messages that came to one of these when they were taken in: "
            f"{', '.join(Disposition)}. With commas between them.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what arrives at intake and what became of it, one message a line, and never what a message says.

    A line tells the message's sequence in the broker's stream, what became of it, its type, the relationship where
    one is known, and why it waits or is parked. Each message is shown once, as it stands then: what becomes of one that
    waits is told by `mentoring waiting list` and by its receipt. Where no service runs the last ones alone are shown.
    """
    wanted = _dispositions(only)
    async with desk(settings_of(data)) as at:
        if out.is_terminal and not as_json:
            out.print(
                f"[bold]{'sequence':>8}  {'became':9}  {'type':30}  {'whose':36}  why[/]", soft_wrap=True
            )
        async for receipt in _receipts(at, wanted, last, follow=follow):
            _tell(receipt, as_json=as_json)


def _dispositions(only: str | None) -> list[str] | None:
    if only is None:
        return None
    words = [word.strip() for word in only.split(",") if word.strip()]
    if not words or not set(words) <= set(Disposition):
        raise Invalid(
            f"--only takes some of these, with commas between them: {', '.join(Disposition)}", code="unknown"
        )
    return words


async def _receipts(
    at: Desk, only: list[str] | None, last: int, *, follow: bool
) -> AsyncIterator[dict[str, Any]]:
    """The last ones, and then those that come; of a stream that was made anew from its first one on."""
    page = await at.get("/v1/intake/receipts", last=last, only=only)
    while True:
        for receipt in page["receipts"]:
            yield {"upstream": page["upstream"], **receipt}
        if not (follow and at.running):
            return
        upstream, reached = page["upstream"], page["sequence"]
        if len(page["receipts"]) == LONGEST_PAGE:  # there may be more before it
            reached = page["receipts"][-1]["sequence"]
        else:
            await asyncio.sleep(_AGAIN)
        page = await at.get("/v1/intake/receipts", beyond=reached, only=only, limit=LONGEST_PAGE)
        if page["upstream"] != upstream:
            page = await at.get("/v1/intake/receipts", only=only, limit=LONGEST_PAGE)


def _tell(receipt: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit_line(receipt)
        return
    said = [receipt["type"] or "–", receipt["relationship"] or "–", receipt["reason"] or ""]
    line = f"{receipt['sequence']:>8}  {receipt['disposition']:9}  {said[0]:30}  {said[1]:36}  {said[2]}"
    out.print(line.rstrip(), markup=False, soft_wrap=True)
