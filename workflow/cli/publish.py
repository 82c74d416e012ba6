"""``mentoring publish``: events from a file or a pipe, to the running service."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, TextColumn

from workflow.cli.desk import NOT_NAMED, desk
from workflow.cli.lines import Line, Source
from workflow.cli.progress import Bar, drawn
from workflow.cli.sending import PATIENCE, Pace, Sender, Sent
from workflow.cli.verb import AsJson, Data, Exit, emit, err, out, settings_of, verb
from workflow.consumers.meetings.envelope import Message, Raw, read
from workflow.consumers.meetings.reasons import explain
from workflow.errors import Invalid, Unavailable

MOST = 500
"""Events of one batch."""

_REFUSALS = {
    "body_malformed": "the service does not take it for an event",
    "body_too_large": "it is larger than the service takes",
}

_NO_LINES = "no line is an event by itself: write each event on one line, as `jq -c . FILE` does"


@verb
async def publish(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE|-", help="JSON lines, one CloudEvent a line; `-` reads standard input."),
    ],
    data: Data = None,
    rate: Annotated[float | None, typer.Option(min=0.1, help="At most so many events a second.")] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Send nothing; check against the contract and say what would be parked."
        ),
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until all is taken in, and count what became of it.")
    ] = False,
    as_json: AsJson = False,
) -> Exit:
    """Publish events, one a line, to the running service; or with --dry-run look what would become of them.

    Blank lines are skipped. A line that is no JSON object, or larger than 256 KiB, is told with its number and not
    sent; all others are, in batches, and what cannot be stored now is sent again for 5 minutes. Ends with 1 where a
    line was not sent (or, with --dry-run, would be parked). Ctrl-C says up to which line everything is stored: to
    send all of it again is harmless, for what was stored counts as a duplicate.
    """
    if dry_run and wait:
        raise Invalid("--wait waits for what was sent, and --dry-run sends nothing", code="options_differ")
    with _opened(file) as handle:
        if dry_run:
            return await _check(handle, as_json=as_json)
        settings = settings_of(data)
        async with desk(settings) as at:
            if not at.running and settings.database is not None:
                raise Unavailable(f"events go to a running service: {NOT_NAMED}")
            if not at.running:
                raise Unavailable("no service runs there, and events go to a running one: `mentoring up`")
            sender = Sender(at, waiting=partial(_tell_waiting, as_json=as_json))
            return await _publish(handle, sender, Pace(rate), wait=wait, as_json=as_json)


async def _publish(handle: int, sender: Sender, pace: Pace, *, wait: bool, as_json: bool) -> Exit:
    sent, done, unread = sender.sent, False, 0
    try:
        with _progress(handle) as bar:
            source = Source(handle, lambda read: bar.show(completed=read))
            async for lines in source.batches(pace.at_once(MOST)):
                fit = [line for line in lines if line.fault is None]
                unfit = [line for line in lines if line.fault is not None]
                unread += sum(line.fault == "not_json" for line in unfit)
                await pace.step(len(fit))
                unfit += await sender.send(fit)
                sent.refused += sum(line.fault not in _REFUSALS for line in unfit)
                for line in sorted(unfit):
                    _tell_fault(line, as_json=as_json)
                sent.through = lines[-1].number
                bar.show(events=sent.stored)
        became = await sender.became() if wait else None
        done = True
    except OSError as error:
        raise Unavailable(
            f"it cannot be read any further: {error.strerror}", code="file_unreadable"
        ) from error
    finally:
        if not done:
            _tell_how_far(sent, as_json=as_json)
    _tell(sent, source.lines, became, as_json=as_json)
    if unread > 1 and not sent.stored and not as_json:
        err.print(_NO_LINES, soft_wrap=True)
    return Exit.NO if sent.refused else Exit.DONE


def _tell(sent: Sent, lines: int, became: dict[str, int] | None, *, as_json: bool) -> None:
    if as_json:
        told: dict[str, Any] = {"lines": lines, "stored": sent.stored, "refused": sent.refused}
        told |= {"first": sent.first, "last": sent.last, "dispositions": became}
        emit(told)
        return
    where = "" if sent.first is None else f", as sequences {sent.first} to {sent.last}"
    out.print(
        f"{lines} lines read, {sent.stored} events stored{where}, {sent.refused} not sent", soft_wrap=True
    )
    if became is not None:
        out.print(
            ", ".join(f"{number} {name}" for name, number in sorted(became.items())) or "nothing to wait for"
        )
        if unsettled := [name for name in ("parked", "waiting") if became.get(name)]:
            out.print(
                f"`mentoring listen --no-follow --only {','.join(unsettled)}` tells why", soft_wrap=True
            )


def _tell_how_far(sent: Sent, *, as_json: bool) -> None:
    """Cut short: from where to go on."""
    if as_json:
        typer.echo(
            json.dumps({"through": sent.through, "stored": sent.stored, "refused": sent.refused}), err=True
        )
    else:
        err.print(
            f"everything up to line {sent.through} is stored"
            + (f", but for the {sent.refused} that were not sent" if sent.refused else ""),
            soft_wrap=True,
        )


def _tell_waiting(why: str, *, as_json: bool) -> None:
    """Not stored yet, and sent again and again."""
    if as_json:
        typer.echo(json.dumps({"waiting": why, "seconds": PATIENCE}), err=True)
    else:
        err.print(
            f"not stored yet: {why}. It is sent again for up to {PATIENCE / 60:.0f} minutes",
            markup=False,
            soft_wrap=True,
        )


def _tell_fault(line: Line, *, as_json: bool) -> None:
    code = line.fault or ""
    why = _REFUSALS.get(code) or explain(code)
    if as_json:
        typer.echo(json.dumps({"line": line.number, "reason": code, "why": why}), err=True)
    else:
        err.print(f"line {line.number}: {why} ({code})", markup=False, soft_wrap=True)


# --- looking at them alone -------------------------------------------------------------------------------


async def _check(handle: int, *, as_json: bool) -> Exit:
    fit, parked = 0, Counter[str]()
    with _progress(handle) as bar:
        source = Source(handle, lambda read: bar.show(completed=read))
        async for lines in source.batches(MOST):
            for line in lines:
                fault = line.fault or _reason(line.body)
                if fault is None:
                    fit += 1
                    continue
                parked[fault] += 1
                _tell_fault(line._replace(fault=fault), as_json=as_json)
            bar.show(events=fit)
    if as_json:
        emit({"lines": source.lines, "fit": fit, "unfit": dict(parked)})
    else:
        out.print(
            f"{source.lines} lines read, {fit} fit the contract, {parked.total()} would not be sent or be parked; "
            "nothing was sent",
            soft_wrap=True,
        )
        if parked["not_json"] > 1 and not fit:
            err.print(_NO_LINES, soft_wrap=True)
    return Exit.NO if parked else Exit.DONE


def _reason(body: bytes) -> str | None:
    found = read(Raw({}, body))
    return None if isinstance(found, Message) else found.reason


# --- where it comes from, and how far it is ----------------------------------------------------------------


@contextmanager
def _opened(file: str) -> Iterator[int]:
    if file == "-":
        yield sys.stdin.fileno()
        return
    try:
        handle = os.open(Path(file), os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}", code="file_unreadable") from error
    try:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise Invalid(f"{file} is a folder; name a file, or - for standard input", code="file_unreadable")
        yield handle
    finally:
        os.close(handle)


@contextmanager
def _progress(handle: int) -> Iterator[Bar]:
    """How much of it is read, and how many events of it are done with."""
    found = os.fstat(handle)
    size = found.st_size if stat.S_ISREG(found.st_mode) else None
    columns = (TextColumn("reading"), BarColumn(), TextColumn("{task.fields[events]:,} events"))
    with drawn(*columns, total=size, events=0) as bar:
        yield bar
