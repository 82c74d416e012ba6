"""Looking at projections from outside: how far each is, and which is paused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from workflow.diagnosis import Finding, ok, trouble, warning
from workflow.errors import Unavailable
from workflow.projections.projection import Projection, of_other_columns
from workflow.projections.rows.generations import RunState
from workflow.projections.rows.storage import MISSING, Kept
from workflow.projections.sqlite.file import at

ANEW = "stop the service and remove views.db with its -wal and -shm: it is folded anew from the events"
ANEW_IN_A_DATABASE = (
    "stop the service and DROP SCHEMA projections CASCADE: all is folded anew from the events"
)

_FAR = 10_000


def standing(kept: Path | Kept, projections: Sequence[Projection], head: int | None) -> Iterator[Finding]:
    """How the projections stand against a log that ends at ``head``; None where that could not be read."""
    try:
        with at(kept).moment() as moment:
            rows = moment.live()
    except Unavailable as error:
        if error.code == MISSING:
            return
        raise
    well = True
    for projection in projections:
        for finding in _standing(projection, rows.get(projection.name), head):
            well = False
            yield finding
    if well:
        yield ok("projections", f"{len(projections)} of them, none paused")


def _standing(
    projection: Projection, row: Mapping[str, object] | None, head: int | None
) -> Iterator[Finding]:
    name = projection.name
    rebuild = f"`mentoring projections rebuild {name}`"
    if row is None:
        yield warning("projections", f"{name} was never folded", "the next start folds it")
        return
    position = int(str(row["position"]))
    if head is not None and position > head:
        said = f"{name} has folded up to {position}, and the log ends at {head}: was an older copy restored?"
        yield trouble("projections", said, rebuild)
    elif row["state"] == RunState.PAUSED and row.get("paused_by") is not None:
        said = f"{name} was paused by {row['paused_by']}"
        yield warning("projections", said, f"`mentoring projections resume {name}` has it go on")
    elif row["state"] == RunState.PAUSED:
        said = f"{name} is paused by a failure on event {row['failed_at']}"
        yield trouble("projections", said, f"{rebuild} with the version in which it is mended")
    elif of_other_columns([projection], {name: str(row["shape"])}):
        yield trouble("projections", f"{name} was folded into columns of another version", rebuild)
    elif head is not None and head - position > _FAR:
        said = f"{name} is {head - position} events behind"
        yield warning(
            "projections",
            said,
            "look again in a minute; where that number does not fall, start the service anew",
        )
