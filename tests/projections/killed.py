"""A process that folds a log in small pages, and may be killed at any of them: ``python -m … KEPT``.

What is kept lies in a file, or in a database where the name is none of a file.
"""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import UUID

from tests.projections.facts import Log, concluded, onboarded, opened, raised
from workflow.aggregates.events import ConcernCode
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.postgres.database import ViewDatabase
from workflow.projections.rows.storage import Kept
from workflow.projections.running.runner import Runner
from workflow.projections.running.views import Views
from workflow.projections.sqlite.file import ViewFile


def log() -> Log:
    """The same for every process."""
    log = Log()
    for number in range(1, 13):
        stream = UUID(int=number)
        log.add(opened(), onboarded(1), concluded(2), raised(ConcernCode.SILENCE, 47), stream=stream)
    return log


def main(kept: Kept) -> None:
    """Fold what is not folded yet, and all of it anew."""
    facts = log()
    runner = Runner(Views(kept, PROJECTIONS, durable=False), facts.read, facts.head, page=7)
    runner.catch_up()
    runner.rebuild()
    runner.catch_up()
    runner.views.close()


if __name__ == "__main__":
    named = sys.argv[1]
    main(ViewFile(Path(named)) if named.startswith("/") else ViewDatabase(named))
