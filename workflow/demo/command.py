"""``mentoring demo``: some months of mentoring, played through a real broker and held against the truth."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from workflow.demo.cast import START, months_after
from workflow.demo.ending import Ending, end_programme
from workflow.demo.findings import Findings, differences, find
from workflow.demo.stage import Running, publisher, service
from workflow.demo.tables import show
from workflow.errors import MentoringError

SHOWN = 20
INTERRUPTED = 130
"""What shells call the end of what Ctrl-C interrupted."""


def demo(
    relationships: Annotated[int, typer.Option(min=1, max=5000, help="How many pairs.", metavar="N")] = 60,
    months: Annotated[int, typer.Option(min=1, max=60, help="How many months.", metavar="M")] = 8,
    seed: Annotated[int, typer.Option(help="The same seed tells the same story.", metavar="S")] = 7,
    once: Annotated[
        bool,
        typer.Option("--once", help="End when the story is told, instead of leaving the service at work."),
    ] = False,
    json_file: Annotated[
        Path | None,
        typer.Option(
            "--json",
            help="Write the figures into FILE, and truth.json beside it.",
            metavar="FILE",
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Watch months of mentoring pass in a minute: on real parts, with two processes and a broker between them.

    The service starts in a fresh folder with a simulated clock. A second process plays a calendar service and
    a portal: it sends what pairs do and what calendars say, some of it twice, late, out of order or malformed.
    At the end everything is folded anew, and each message, meeting and relationship is compared with a truth
    that was worked out beforehand, by other code. With `--once` the programme then ends, and its relationships
    with it. Ends with 1 where anything differs, and with 130 where
    Ctrl-C comes before the story is told.
    """
    console = Console(highlight=False)
    folder = Path(tempfile.mkdtemp(prefix="mentoring-demo-"))
    truth_file = (json_file.parent if json_file is not None else folder) / "truth.json"
    truth_file.parent.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    parted: list[str] | None = None
    try:
        with service(folder) as running:
            console.print(f"The service answers at {running.http}/v1; its broker is at {running.nats}.")
            words = ["--relationships", str(relationships), "--months", str(months), "--seed", str(seed)]
            _play(console, running, [*words, "--truth", str(truth_file)])
            found = find(running.http)
            parted = differences(found, json.loads(truth_file.read_text("utf-8")))
            seconds = round(time.perf_counter() - began, 3)
            if json_file is not None:
                json_file.write_text(
                    json.dumps(found.summary() | {"seconds": seconds}, indent=2) + "\n", "utf-8"
                )
            show(console, found, START, months_after(START, months))
            _conclude(console, found, parted, seconds)
            if once:
                ending = end_programme(running.http, found)
                parted += ending.differences
                _tell_end(console, ending)
            else:
                console.print(
                    f"The service is still at {running.http}/v1 over {running.data}; Ctrl-C stops it.\n"
                    f"Look round in a browser, at {running.http}/, or from another terminal: "
                    f"`mentoring today --data {running.data}`.",
                    soft_wrap=True,
                )
                running.process.wait()
    except (MentoringError, httpx.HTTPError) as error:
        Console(stderr=True, highlight=False).print(f"{error}\nWhat was kept lies in {folder}.", markup=False)
        raise typer.Exit(3) from None
    except KeyboardInterrupt:
        console.print(f"Stopped. What was kept lies in {folder}.")
        raise typer.Exit(INTERRUPTED if parted is None else int(bool(parted))) from None
    if parted:
        console.print(f"What was kept lies in {folder}.")
        raise typer.Exit(1)
    shutil.rmtree(folder)


def _play(console: Console, running: Running, words: list[str]) -> None:
    """Have the story played, with a bar that moves by the day."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("days · {task.fields[sent]} messages"),
        TimeElapsedColumn(),
    )
    with publisher(running, words) as told, Progress(*columns, console=console) as progress:
        task = progress.add_task("writing the story", total=None, sent=0)
        for said in told:
            if "day" in said:
                progress.update(
                    task,
                    description=said["at"][:10],
                    completed=said["day"],
                    total=said["of"],
                    sent=said["sent"],
                )


def _conclude(console: Console, found: Findings, parted: list[str], seconds: float) -> None:
    if not parted:
        console.print(
            f"In {seconds:.0f} s: the dispositions of {len(found.receipts)} messages, the outcomes of "
            f"{len(found.meetings)} meetings and the states of {len(found.trails)} relationships are as the "
            "truth says, row for row."
        )
        return
    console.print(f"[red]{len(parted)} differences[/red] from the truth:")
    _list(console, parted)


def _tell_end(console: Console, ending: Ending) -> None:
    console.print(f"The programme ends, and the {ending.closed} relationships that were open end with it.")
    if ending.differences:
        console.print(f"[red]{len(ending.differences)} differences[/red] from what must come of that:")
        _list(console, ending.differences)


def _list(console: Console, parted: list[str]) -> None:
    for line in parted[:SHOWN]:
        console.print(f"  {line}", markup=False)
    if len(parted) > SHOWN:
        console.print(f"  … and {len(parted) - SHOWN} more")
