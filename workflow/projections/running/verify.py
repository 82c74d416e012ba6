"""Proof that the rows served are what the events say: fold all anew beside them, and compare.

The live rows are read in one transaction, so the service may go on meanwhile; each projection is folded anew
up to the very position that its live rows have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workflow.errors import Conflict
from workflow.projections.aside.aside import Processes
from workflow.projections.projection import Projection, of_other_columns
from workflow.projections.rows.generations import Generation, RunState
from workflow.projections.rows.storage import Comparing, Kept
from workflow.projections.running.canonical import content_hash
from workflow.projections.running.pages import AT_ONCE, PAGE
from workflow.projections.running.refolding import Refolding, Stored
from workflow.projections.running.views import Views
from workflow.projections.sqlite.file import at
from workflow.projections.tables import GenerationTable, Row, generation_table

SHOWN = 20
"""Differing rows that are shown of each projection; all are counted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not the same: ``live`` or ``folded`` is None where the row is missing there."""

    projection: str
    key: tuple[Any, ...]
    live: Row | None
    folded: Row | None


@dataclass(frozen=True, slots=True)
class Verified:
    """What a comparison found. ``hash`` is the content hash of the live rows, ``folded_hash`` of the new."""

    equal: bool
    rows: int
    hash: str
    folded_hash: str
    positions: dict[str, int]
    differing: dict[str, int]
    differences: list[Difference] = field(default_factory=list)


def verify(
    views: Path | Kept,
    projections: Sequence[Projection],
    stored: Stored,
    *,
    heed: Callable[[int], None] = lambda _: None,
    page: int = PAGE,
    scratch_in: Path | None = None,
    processes: Processes | None = None,
) -> Verified:
    """Fold all projections anew beside those in ``views`` and compare them row by row.

    Where that takes a file, it lies in ``scratch_in``, which somebody clears after a kill; without it, where the
    system keeps such files. ``heed`` is told after each page how far it has come; what it raises ends the comparison.
    ``processes`` fold what is far.
    """
    with at(views).comparing(scratch_in) as beside:
        live = _live(beside, projections)
        with closing(Views(beside.scratch, projections, durable=False, processes=processes)) as scratch:
            positions = {generation.name: live[generation.name][1] for generation in scratch.generations}
            with closing(Refolding(stored, scratch.gathering, page, AT_ONCE)) as refolding:
                _fold_to(scratch, positions, refolding, heed)
            numbers = {name: number for name, (number, _) in live.items()}
            return _compare(beside, scratch.generations, numbers, positions)


def _live(beside: Comparing, projections: Sequence[Projection]) -> dict[str, tuple[int, int]]:
    """Generation and position of what serves; refused where its columns are not those that are folded now."""
    kept = list(
        beside.execute(
            f"SELECT name, generation, position, shape FROM {beside.live}projections WHERE live = 1"  # noqa: S608 a name of ours
        )
    )
    if others := of_other_columns(projections, {name: shape for name, _, _, shape in kept}):
        raise Conflict(
            f"rows of another version cannot be compared: rebuild {', '.join(others)}",
            code="rebuild_needed",
        )
    return {name: (number, position) for name, number, position, _ in kept}


def _fold_to(
    scratch: Views, positions: dict[str, int], refolding: Refolding, heed: Callable[[int], None]
) -> None:
    for end in sorted(set(positions.values())):  # mostly one
        those = [generation for generation in scratch.generations if positions[generation.name] == end]

        def folded(those: Sequence[Generation] = those, end: int = end) -> int:
            running = [generation for generation in those if generation.state is RunState.RUNNING]
            if not running:
                return 0
            number, full = refolding.fold(running, end)
            if full or not number:
                scratch.write(running)
            heed(min(map(scratch.gathering.progress, running)))
            return number

        while folded() or folded():  # once more, where processes that had folded the last have ended
            pass


def _compare(
    beside: Comparing,
    generations: Sequence[Generation],
    numbers: dict[str, int],
    positions: dict[str, int],
) -> Verified:
    rows, differing, differences = 0, {}, []
    live, folded = {}, {}
    for generation in generations:
        name = generation.name
        layout = generation_table(generation.projection.table, numbers[name])
        ours = f"{beside.live}{layout.name}"
        theirs = f"{beside.folded}{generation.layout.name}"
        live[name] = (generation.projection, layout, ours)
        folded[name] = (generation.projection, layout, theirs)
        ((number,),) = beside.execute(f"SELECT count(*) FROM {ours}")  # noqa: S608 our own names
        rows += number
        found = _differences(beside, name, layout, ours, theirs)
        differing[name] = len(found)
        differences += found[:SHOWN]
    hash, folded_hash = content_hash(beside, live), content_hash(beside, folded)
    return Verified(
        equal=not any(differing.values()) and hash == folded_hash,
        rows=rows,
        hash=hash,
        folded_hash=folded_hash,
        positions=positions,
        differing=differing,
        differences=differences,
    )


def _differences(
    beside: Comparing, name: str, layout: GenerationTable, ours: str, theirs: str
) -> list[Difference]:
    columns = ", ".join(layout.columns)

    def only_in(one: str, other: str) -> dict[tuple[Any, ...], Row]:
        query = f"SELECT {columns} FROM {one} EXCEPT SELECT {columns} FROM {other}"  # noqa: S608 our own names
        return {layout.identity(values): layout.row(values) for values in beside.execute(query)}

    live, folded = only_in(ours, theirs), only_in(theirs, ours)
    keys = sorted(live.keys() | folded.keys())
    return [Difference(name, key, live.get(key), folded.get(key)) for key in keys]


def content(views: Path | Kept, projections: Sequence[Projection]) -> str:
    """The content hash of the rows that are kept now."""
    with at(views).moment() as moment:
        live = moment.live()
        tables = {}
        for projection in projections:
            layout = generation_table(projection.table, int(str(live[projection.name]["generation"])))
            tables[projection.name] = (projection, layout, layout.name)
        return content_hash(moment, tables)
