"""``mentoring doctor``: what is worth knowing before somebody is called."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from workflow.app.doctor import Doctor, Heed, installed, unreadable
from workflow.cli.progress import metered
from workflow.cli.tables import Table, foreign
from workflow.cli.verb import AsJson, Data, Exit, emit, out, settings_of, verb
from workflow.diagnosis import Finding, Grade
from workflow.errors import Invalid
from workflow.settings import Settings
from workflow.threads import Waited, while_wanted

Look = Callable[[Heed], Iterator[Finding]]


@verb
async def doctor(data: Data = None, as_json: AsJson = False) -> Exit:
    """Look at everything that may be wrong with a service and what it keeps, and say what to do. Changes nothing.

    It reads the files of the folder themselves, or the databases that MENTORING_DATABASE and MENTORING_KEY_DATABASE
    name, so that it works beside a running service, after one that died, and where something is damaged; each check
    stands alone. Ends with 1 where anything is in trouble; a warning alone ends with 0.
    """
    found: list[Finding] = []
    look: Look
    try:
        look = Doctor(settings_of(data)).look
    except Invalid as error:
        found.append(unreadable(error))
        look = _without_settings(data)
    with metered("looking", "") as reach:

        def work(waited: Waited) -> list[Finding]:
            def heed(doing: str, done: int, total: int | None) -> None:
                reach(done, total, f"looking at {doing}")
                waited.go_on()

            return list(look(heed))

        found += await while_wanted(work)
    worst = Grade.TROUBLE in {one.grade for one in found}
    if as_json:
        emit({"well": not worst, "findings": [one._asdict() for one in found]})
    else:
        _tell(found)
    return Exit.NO if worst else Exit.DONE


def _without_settings(data: Path | None) -> Look:
    """What can be looked at all the same. Where databases are named, a folder is none of the service's."""
    if os.environ.get("MENTORING_DATABASE") or os.environ.get("MENTORING_KEY_DATABASE"):
        return lambda _: installed()
    named = data or Path(os.environ.get("MENTORING_DATA") or Settings.model_fields["data"].default)
    return Doctor(Settings.model_construct(data=named), fit=False).look


def _tell(found: list[Finding]) -> None:
    table = Table("grade", "about", "found", prose=["found"])
    for one in found:
        table.add(one.grade.value, one.about, foreign(one.said))
        if one.todo is not None:
            table.add("", "", foreign(f"→ {one.todo}"))
    table.put()
    grades = Counter(one.grade for one in found)
    out.print(
        f"{grades[Grade.TROUBLE]} in trouble, {grades[Grade.WARNING]} to be watched, {grades[Grade.OK]} well"
    )
