"""``python -m benchmarks.deciding``: what the domain alone costs, in memory, for every message of the workload.

Processor time, for a shared machine takes its own pace. To compare two states of the code, run it in each by turns.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Iterator
from statistics import median
from uuid import UUID

from benchmarks.workload import POLICY, Workload, beginnings, workload
from workflow.aggregates import commands as c
from workflow.aggregates.decide import decide
from workflow.aggregates.relationship import Relationship
from workflow.consumers.meetings.contract import MEETING_MESSAGE
from workflow.consumers.meetings.translate import command_of
from workflow.demo.cast import START


def _begun(work: Workload) -> dict[UUID, Relationship]:
    states: dict[UUID, Relationship] = {}
    for pair in work.pairs:
        id = pair.relationship
        for command in beginnings(pair):
            states[id] = decide(states.get(id), command, id=id, now=START, policy=POLICY).state
    return states


def rounds(work: Workload, number: int) -> Iterator[float]:
    """Microseconds of processor time a decision, in each of so many rounds."""
    told: list[tuple[UUID, c.MeetingReport]] = [
        (sent.relationship, command_of(MEETING_MESSAGE.validate_json(sent.body), work.persons))
        for sent in work.messages
    ]
    for _ in range(number):
        states = _begun(work)
        began = time.process_time()
        for id, command in told:
            states[id] = decide(states[id], command, id=id, now=work.now, policy=POLICY).state
        yield (time.process_time() - began) / len(told) * 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--relationships", type=int, default=100, help="pairs, each with all that it sends")
    parser.add_argument("--rounds", type=int, default=9, help="how often all of it is decided")
    asked = parser.parse_args()
    work = workload(None, asked.relationships)
    gc.freeze()
    gc.disable()
    taken = list(rounds(work, asked.rounds))
    print(
        f"{len(work.messages)} messages: {median(taken):.1f} µs a decision (median), {min(taken):.1f} (least)"
    )


if __name__ == "__main__":
    main()
