"""``mentoring export``: what analysts read, as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn

from workflow.app.snapshots import snapshot
from workflow.cli.desk import Desk, desk
from workflow.cli.progress import drawn
from workflow.cli.tables import Table
from workflow.cli.verb import AsJson, Data, emit, out, settings_of, verb
from workflow.projections.analytics.files import Format
from workflow.projections.analytics.view_files import MANIFEST, ViewFiles, chosen
from workflow.projections.analytics.view_files import export as write
from workflow.projections.analytics.views import VIEWS
from workflow.settings import Settings
from workflow.threads import Waited, while_wanted


@verb
async def export(
    to: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the files go; it is made where it is missing.")
    ],
    data: Data = None,
    format: Annotated[
        Format, typer.Option(help="Parquet with typed columns (needs pyarrow), or CSV as RFC 4180 has it.")
    ] = Format.PARQUET,
    views: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES",
            help="Only these, with commas or more than once: " + ", ".join(view.name for view in VIEWS) + ".",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files of an earlier export.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the views that analysts read to files, all of one moment, while the service goes on.

    No file holds the id of a relationship, a person or a calendar entry; docs/analytics.md tells what every column
    means, and so does manifest.json, which is written last. Ctrl-C leaves no file behind, and earlier ones as they
    were.
    """
    names = [name.strip() for text in views or () for name in text.split(",") if name.strip()]
    asked = ViewFiles(to, format, chosen(names), force)
    asked.refuse_what_cannot_be()
    settings = settings_of(data)
    async with desk(settings) as at:
        manifest = await _written(settings, asked, await _told(at))
    if as_json:
        emit({name: manifest[name] for name in manifest if name != "dictionary"})
        return
    table = Table("file", "rows", "bytes")
    for file in manifest["files"]:
        table.add(str(to / file["file"]), f"{file['rows']:,}", f"{file['bytes']:,}")
    table.put()
    out.print(
        f"All as of position {manifest['position']}; {to / MANIFEST} tells what the columns mean.",
        markup=False,
        soft_wrap=True,
    )


async def _told(at: Desk) -> dict[str, Any]:
    """What the manifest says of the service: its time, and the policy that its decisions follow now."""
    today, policy = await at.get("/v1/today", limit=1), await at.get("/v1/policy")
    return {
        "exported_at": today["now"],
        "policy": {"programme": policy["programme"], "version": policy["version"]},
    }


async def _written(settings: Settings, asked: ViewFiles, told: dict[str, Any]) -> dict[str, Any]:
    """The manifest, once all is written."""
    columns = (
        TextColumn("writing {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files"),
    )
    with drawn(*columns, total=len(asked.views)) as bar:
        places = {view.name: place for place, view in enumerate(asked.views)}

        def heed(view: str, rows: int) -> None:
            bar.show(description=f"{view}, {rows:,} rows", completed=places[view])

        def work(waited: Waited) -> dict[str, Any]:
            with snapshot(settings, waited.given_up) as moment:
                return write(moment, asked, told, heed)

        return await while_wanted(work)
