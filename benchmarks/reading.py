"""How fast stored events are read: ``python -m benchmarks.reading``.

Measures what ``docs/adr/0013-read-as-far-as-asked.md`` decides by, over the events of a few hundred messages.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.place import open_place, prepare
from benchmarks.workload import workload
from tests.kept import FILES
from workflow.consumers.meetings.account import receive, take_in
from workflow.lifecycle import tune_interpreter
from workflow.store.recorded import Recorded

_MESSAGES = 1_000
_ROUNDS = 7
_WAYS: dict[str, Callable[[Recorded], object]] = {
    "event and metadata": lambda recorded: (recorded.event, recorded.metadata),
    "the event alone": lambda recorded: recorded.event,
    "its members as text": lambda recorded: recorded.told,
    "the agenda alone": lambda recorded: recorded.agenda,
}


def main() -> None:
    """Print the best of some rounds."""
    work = workload(_MESSAGES, 100)
    bodies = [sent.body for sent in work.messages]
    with (
        TemporaryDirectory(prefix="mentoring-bench-") as name,
        open_place(FILES, prepare(FILES, Path(name) / "prepared", work), work) as place,
    ):
        received = receive(range(1, len(bodies) + 1), bodies, [None] * len(bodies))
        before = place.store.head()
        place.writer.submit(lambda tx: take_in(tx, place.resolver, "upstream", 0, received)).result()
        tune_interpreter()
        for way, ask in _WAYS.items():
            best = float("inf")
            for _ in range(_ROUNDS):
                page = place.store.read(before, 2 * _MESSAGES)
                begin = time.thread_time()
                for recorded in page:
                    ask(recorded)
                best = min(best, (time.thread_time() - begin) / len(page))
            print(f"{way}: {best * 1e6:.1f} µs")


if __name__ == "__main__":
    main()
