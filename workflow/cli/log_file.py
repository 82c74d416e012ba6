"""``mentoring events export`` and ``import``: the log as a file, and a file as the log."""

from __future__ import annotations

import asyncio
import gzip
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from workflow.app.importing import Imported, bring_in, log_key
from workflow.app.incoming import incoming
from workflow.cli.desk import Desk, desk
from workflow.cli.progress import metered
from workflow.cli.verb import AsJson, By, Data, emit, err, out, settings_of, verb
from workflow.drafts import Draft
from workflow.errors import Conflict, Invalid, Stopped, Unavailable
from workflow.store.exported import Head, LogLines
from workflow.threads import Waited, while_wanted
from workflow.web.asking import LONGEST_PAGE

_STANDARD = Path("-")

File = Annotated[
    Path,
    typer.Argument(help="The file, compressed where its name ends in .gz; - for standard input or output."),
]


@verb
async def export(
    file: File,
    data: Data = None,
    beyond: Annotated[int, typer.Option(min=0, help="Only events beyond this position.")] = 0,
    until: Annotated[
        int | None, typer.Option(min=0, help="Only events up to this position; without it, all there are.")
    ] = None,
    actor: By = None,
    as_json: AsJson = False,
) -> None:
    """Write the log into a file, from which `mentoring events import` makes the same log again.

    A line is an event as a CloudEvent, in the form in which it is stored: what is sealed stays encrypted. The file is
    there once it is whole; the service may go on meanwhile. Keys, receipts, and messages that wait or are parked are
    not in it. It ends with a code made under the master key, by which an import beside that key knows that nobody has
    changed it.
    """
    settings = settings_of(data)
    async with desk(settings) as at:
        made = LogLines(log_key(settings))
        last, lines = await _lines(at, made, beyond, until, actor)
        with _written(file) as write, metered("exporting") as reach:
            async for line in lines:
                write(line)
                reach(made.events, last - beyond)
    told = {"file": str(file), "events": made.events, "beyond": beyond, "until": last}
    if as_json and file != _STANDARD:
        emit(told)
    elif not as_json:
        console = err if file == _STANDARD else out
        console.print(f"{made.events} events exported, up to position {last}", markup=False, soft_wrap=True)


@verb
async def import_(
    file: File,
    data: Data = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only check the file, and write nothing.")
    ] = False,
    unauthenticated: Annotated[
        bool,
        typer.Option(
            "--unauthenticated",
            help="Take a file of which the folder's master key cannot tell whether anybody has changed it. That trusts "
            "everybody who could write to it: with who may read what, and with what is destroyed for good.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring an exported log into a folder that holds nothing yet, or the beginning of the same log.

    No service may run there. The whole file is checked first; where any line does not fit, or differs from what is
    there, nothing is written. What is there already is passed over: after Ctrl-C or a kill the same again goes on where
    it was. Until all is there the folder can be looked at, and nothing else: no service starts on it.
    Copy keys.db and master.key of the exported service into the folder beforehand: by the one what is sealed is read
    again, and by the other it is known that nobody has changed the file.
    """
    settings = settings_of(data)
    begun: set[str] = set()
    with metered("importing") as reach:

        def work(waited: Waited) -> Imported:
            def heed(doing: str, done: int, total: int | None) -> None:
                begun.add(doing)
                reach(done, total, doing)
                waited.go_on()

            with incoming(sys.stdin.fileno() if file == _STANDARD else file, waited.go_on) as opened:
                return bring_in(settings, opened, dry_run=dry_run, unauthenticated=unauthenticated, heed=heed)

        try:
            found = await while_wanted(work)
        except asyncio.CancelledError:
            if "appending" in begun:
                err.print("what has come in stays; the same again goes on from there", soft_wrap=True)
            raise
    if as_json:
        emit({"dry_run": dry_run, **{name: getattr(found, name) for name in Imported.__slots__}})
        return
    would = "would be appended" if dry_run else "appended"
    out.print(
        f"{found.events} events in the file: {found.known} were here already, {found.appended} {would}; "
        f"the log ends at {found.head}",
        soft_wrap=True,
    )
    if found.closed:
        out.print(
            f"{found.closed} identities stay closed, so that messages do not find who they name: copy keys.db and "
            "master.key of the exported service into the folder, and import the file again",
            soft_wrap=True,
        )


async def _lines(
    at: Desk, made: LogLines, beyond: int, until: int | None, actor: str | None
) -> tuple[int, AsyncIterator[bytes]]:
    """The last position, and the lines of the file, page by page."""

    async def page(position: int, last: int | None) -> dict[str, Any]:
        asked = {"beyond": position, "until": last, "limit": LONGEST_PAGE}
        return cast("dict[str, Any]", await at.get_as("/v1/events/export", actor, **asked))

    first = await page(beyond, until)
    last = first["head"] if until is None else min(until, first["head"])
    if beyond > last:
        raise Invalid(f"the log ends at {last}; there is nothing beyond {beyond}", code="position_unknown")

    async def lines() -> AsyncIterator[bytes]:
        yield made.begin(Head(beyond=beyond, until=last, instant=first["instant"]))
        position, some = beyond, first
        while position < last:
            if position > beyond:
                some = await page(position, last)
            if not some["lines"]:
                raise Stopped(
                    f"nothing lies between {position} and {last}; `mentoring doctor` looks at the log"
                )
            yield made.add(line.encode() for line in some["lines"])
            position = some["position"]
        yield made.end()

    return last, lines()


@contextmanager
def _written(file: Path) -> Iterator[Callable[[bytes], object]]:
    """Writes a file that is there once it is whole, for its owner alone to read."""
    if file == _STANDARD:
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
        return
    try:
        if file.exists():
            raise _there_already(file)
        with Draft(file.parent) as draft:
            if file.suffix == ".gz":
                with gzip.GzipFile("", "wb", compresslevel=6, fileobj=draft.file, mtime=0) as packed:
                    yield packed.write
            else:
                yield draft.file.write
            draft.put(file)
    except FileExistsError as error:  # since it was begun
        raise _there_already(file) from error
    except OSError as error:
        raise Unavailable(f"{file} cannot be written: {error.strerror}", code="file_unwritable") from error


def _there_already(file: Path) -> Conflict:
    return Conflict(f"{file} is there already; name another file, or remove it", code="file_exists")
