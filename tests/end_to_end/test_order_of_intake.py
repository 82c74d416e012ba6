"""The same messages in any order, doubled or not, with relationships opened at any point among them.

What is guaranteed, and lived here: every calendar entry that one relationship alone claims comes to the same. Two
claim one where a message gives it to the first and another to the second, by name or by fitting it alone;
a message that fits several claims for none of them. Of relationships that are open together among the same
people both are opened before the first message that fits them (record 0018).

No broker here: the unit that intake runs, over a real store, with real projections and a clock that moves
between two lots of messages. The same over the real broker stands in ``test_order_over_broker``.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from tests.end_to_end.replica import Message, Pair, Replica
from tests.oracle.comparing import against
from tests.oracle.oracle import recompute
from workflow.aggregates import commands as c
from workflow.aggregates.events import ClosureManner, ClosureReason, Measure, Role
from workflow.aggregates.policy import Policy
from workflow.aggregates.sealed import Sealed
from workflow.consumers.meetings import waiting
from workflow.errors import Refused

START = datetime(2026, 1, 5, 9, tzinfo=UTC)


def _pair(number: int, mentor: str, mentee: str, mentor_number: int, mentee_number: int) -> Pair:
    return Pair(
        UUID(int=number),
        f"email:{mentor}@example.org",
        f"email:{mentee}@example.org",
        UUID(int=100 + mentor_number),
        UUID(int=200 + mentee_number),
    )


PAIRS = (_pair(1, "ada", "bob", 1, 1), _pair(2, "ada", "cleo", 1, 2), _pair(3, "dan", "eve", 3, 3))
"""Ada mentors two people. Dan and Eve may part at the first moving of the clock."""

TWINS = (_pair(4, "fay", "gus", 4, 4), _pair(5, "fay", "gus", 4, 4))
"""Fay and Gus have two relationships at the same time."""

SUCCESSOR = _pair(6, "dan", "eve", 3, 3)
"""Dan and Eve begin anew after they parted."""

PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
"""Without explaining, which would live hundreds of histories more."""

RECURRENCES = (None, START + timedelta(days=7))


@dataclass(frozen=True)
class History:
    """Messages before the clock moves, after it has moved to ``first``, and then to ``second``.

    The rest is what the people do, and whether a meeting held is agreement enough.
    """

    before: tuple[Message, ...]
    between: tuple[Message, ...]
    after: tuple[Message, ...]
    first: datetime
    second: datetime
    form: str
    declares: bool
    looks: bool
    amends: bool
    closes: bool


@st.composite
def messages(draw: st.DrawFn, last_day: int, parted: int | None = None) -> Message:
    """Something said of one of a handful of meetings, with clashing sequences, times and uids.

    ``parted`` is the day on which Dan and Eve parted: what fits by its people and start alone is from then on
    their second relationship's, before it the first one's.
    """
    pair = draw(st.sampled_from((*PAIRS, *TWINS) if parted is None else (*PAIRS, *TWINS, SUCCESSOR)))
    by_id = draw(st.booleans())
    earliest = 24 * parted if parted is not None and pair is SUCCESSOR else -48
    hours = st.integers(earliest, 24 * last_day).map(lambda hour: START + timedelta(hours=hour))
    ahead = st.integers(earliest, 24 * last_day + 24 * 60).map(lambda hour: START + timedelta(hours=hour))
    # One calendar's uid may be met in two relationships; one that replaces another is one pair's own.
    uids = [f"{letter}{pair.relationship.int}" for letter in ("x" if pair in TWINS else "xyz")]
    others = ["shared"] if pair in PAIRS[:2] else ["whose"] if pair in TWINS and not by_id else uids
    kind = draw(st.sampled_from(("scheduled", "rescheduled", "cancelled", "held", "missed", "corrected")))
    start = draw(ahead if kind in ("scheduled", "rescheduled") else hours)
    times = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=1)).isoformat()}
    recurrence = None if pair in TWINS else draw(st.sampled_from(RECURRENCES))
    data: dict[str, Any] = {"uid": draw(st.sampled_from([*uids, *others]))}
    if recurrence is not None:
        data["recurrence_id"] = recurrence.isoformat()
    left = pair is PAIRS[2] and parted is not None and start >= START + timedelta(days=parted)
    if by_id or left:
        data["relationship_id"] = str(pair.relationship)
    else:
        data["parties"] = [pair.mentor, pair.mentee]
    if kind in ("scheduled", "rescheduled", "cancelled"):
        data["sequence"] = draw(st.integers(0, 2))
    if kind in ("scheduled", "rescheduled", "held"):
        data |= times
    if kind == "rescheduled" and data["uid"] in uids and draw(st.booleans()):
        # One that is another relationship's joins nothing there.
        foreign = [f"x{other.relationship.int}" for other in PAIRS[:2]] if pair in PAIRS[:2] else []
        data["previous_uid"] = draw(st.sampled_from([*uids, *foreign]))
    if kind == "held":
        attended = draw(st.sampled_from((None, [pair.mentor], [pair.mentor, pair.mentee])))
        data |= {} if attended is None else {"attended": attended}
    if kind == "missed":
        data["missed_by"] = [draw(st.sampled_from((pair.mentor, pair.mentee, "email:nobody@example.org")))]
    if kind == "corrected":
        data["outcome"] = draw(st.sampled_from(("held", "missed", "cancelled", "none")))
        data |= times if data["outcome"] == "held" else {}
        data |= {"missed_by": [pair.mentee]} if data["outcome"] == "missed" else {}
    return {
        "specversion": "1.0",
        "type": f"mentoring.meeting.{kind}.v1",
        "source": draw(st.sampled_from(("/calendar", "/portal"))),
        "time": draw(hours).isoformat(),
        "data": data,
    }


def numbered(found: Sequence[Message], prefix: str) -> tuple[Message, ...]:
    return tuple(message | {"id": f"{prefix}{number}"} for number, message in enumerate(found))


@st.composite
def histories(draw: st.DrawFn) -> History:
    first = draw(st.sampled_from((1, 20, 50, 70, 100)))
    second = first + draw(st.sampled_from((3, 30, 60)))
    closes = draw(st.booleans())
    parted = first if closes else None
    return History(
        numbered(draw(st.lists(messages(1), max_size=8)), "before"),
        numbered(draw(st.lists(messages(first + 1, parted), max_size=10)), "between"),
        numbered(draw(st.lists(messages(second + 1, parted), max_size=8)), "after"),
        START + timedelta(days=first),
        START + timedelta(days=second),
        draw(st.sampled_from(("signed", "none"))),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.booleans()),
        closes,
    )


def committed(at: datetime, actor: c.Actor) -> c.Command:
    return c.ConfirmCommitment(at=at, actor=actor)


def drafted(at: datetime, actor: c.Actor) -> c.Command:
    return c.DraftAgreement(at=at, actor=actor, cadence_days=21)


def signed(at: datetime, actor: c.Actor) -> c.Command:
    return c.SignAgreement(at=at, actor=actor, version=1)


def declared(at: datetime, actor: c.Actor) -> c.Command:
    return c.DeclareStagnation(at=at, actor=actor)


def looked(at: datetime, actor: c.Actor) -> c.Command:
    measures = tuple(
        Measure(
            measure=UUID(int=number),
            what=Sealed("call", author=actor.person),
            who=actor.person,
            by_when=at + timedelta(days=9),
        )
        for number in (1, 2)
    )
    return c.HoldFreshLook(at=at, actor=actor, measures=measures)


def redrafted(at: datetime, actor: c.Actor) -> c.Command:
    return c.DraftAgreement(at=at, actor=actor, cadence_days=35)


def signed_again(at: datetime, actor: c.Actor) -> c.Command:
    return c.SignAgreement(at=at, actor=actor, version=2)


def closed(at: datetime, actor: c.Actor) -> c.Command:
    return c.Close(
        at=at, actor=actor, manner=ClosureManner.ONE_SIDED, reason=ClosureReason.GRADUAL_DISSOLUTION
    )


def completed(at: datetime, actor: c.Actor) -> c.Command:
    return c.CompleteMeasure(at=at, actor=actor, measure=UUID(int=1))


Step = Callable[[Replica], None]
Standing = tuple[list[str], dict[str, str]]
"""What the projections hold, and what became of each message."""


def asking(pair: Pair, make: Callable[[datetime, c.Actor], c.Command], role: Role) -> Step:
    return lambda replica: replica.ask(pair, make, role)


def opening(pair: Pair) -> list[Step]:
    """Pair 3 never agrees on anything."""
    first: Step = lambda replica: replica.open(pair)  # noqa: E731
    roles = (Role.MENTOR, Role.MENTEE)
    commitments = [asking(pair, committed, role) for role in roles]
    if pair is PAIRS[2]:
        return [first, *commitments]
    agreement = [asking(pair, drafted, Role.MENTOR), *(asking(pair, signed, role) for role in roles)]
    return [first, *commitments, *agreement]


# --- living it through -----------------------------------------------------------------------------------


def lived(
    history: History, order: random.Random | None, *, page: int = 1000, doubled: bool = False
) -> list[Standing]:
    """Live a history through; ``order`` None: as it was written, everybody opened first.

    How everything stands after each lot of messages, and in the end. ``page`` is how much of what waited is
    worked off at once.
    """
    policy = Policy.model_validate({"agreement": {"form": history.form}})
    with (
        TemporaryDirectory() as folder,
        patch.object(waiting, "PAGE", page),
        Replica(Path(folder), START, policy) as replica,
    ):
        for step in (step for pair in TWINS for step in opening(pair)):
            step(replica)
        commands = [opening(pair) for pair in PAIRS]
        play(replica, arranged(history.before, order, doubled=doubled), commands, order)
        standings = [standing(replica)]
        replica.pass_time(history.first)
        with suppress(Refused):  # it is, in every order, where no such move is possible
            if history.declares:
                replica.ask(PAIRS[0], declared, Role.MENTEE)
        if history.closes:
            replica.ask(PAIRS[2], closed, Role.MENTOR)
        later = [
            [asking(PAIRS[0], looked, Role.MENTEE), asking(PAIRS[0], completed, Role.MENTOR)]
            if history.looks and history.form == "signed"
            else []
        ]
        if history.closes:
            later.append([lambda replica: replica.open(SUCCESSOR)])
        if history.amends:
            later.append([asking(PAIRS[1], redrafted, Role.MENTOR)])
            later[-1] += [asking(PAIRS[1], signed_again, role) for role in (Role.MENTOR, Role.MENTEE)]
        play(replica, arranged(history.between, order, doubled=doubled), later, order)
        standings.append(standing(replica))
        replica.pass_time(history.second)
        play(replica, arranged(history.after, order, doubled=doubled), [], order)
        standings.append(standing(replica))
        replica.pass_time(START + timedelta(days=250))
        standings.append(standing(replica))
        assert not against(recompute(replica.printed()), replica.folder / "views.db")
        assert sum(replica.counts().values()) == replica.taken
        return standings


def standing(replica: Replica) -> Standing:
    """What is known by now; first what became due by facts known late is asked."""
    replica.pass_time(replica.clock.now())
    return replica.documents(), replica.became()


def arranged(messages: Sequence[Message], order: random.Random | None, *, doubled: bool) -> list[Message]:
    arrangement = list(messages)
    if order is not None:
        order.shuffle(arrangement)
    if doubled:
        again = list(messages)
        (order or random.Random(0)).shuffle(again)
        arrangement += again
    return arrangement


def play(
    replica: Replica, messages: Sequence[Message], commands: Sequence[list[Step]], order: random.Random | None
) -> None:
    """Commands first, or, given an ``order``, at any point among the messages; each list in its own order."""
    steps: list[Step | Message]
    if order is None:
        steps = [*(command for own in commands for command in own), *messages]
    else:
        steps = list(messages)
        for own in commands:
            at = sorted(order.randint(0, len(steps)) for _ in own)
            for place, command in reversed(list(zip(at, own, strict=True))):
                steps.insert(place, command)
    batch: list[Message] = []
    for step in steps:
        if isinstance(step, dict):
            batch.append(step)
        if callable(step) or (order is not None and order.random() < 0.3):
            replica.take(batch)
            batch = []
        if callable(step):
            step(replica)
        if order is not None and order.random() < 0.5:
            replica.go_on()
    replica.take(batch)


def assert_order_does_not_matter(history: History, seed: int) -> None:
    note(f"{history!r}")
    plain = lived(history, None)
    assert lived(history, random.Random(seed), page=1, doubled=True) == plain
    assert lived(history, random.Random(seed + 1), page=2) == plain


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(histories(), st.integers(0, 2**32))
def test_any_order_and_any_moment_of_opening_come_to_the_same(history: History, seed: int) -> None:
    assert_order_does_not_matter(history, seed)


@pytest.mark.soak
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(histories(), st.integers(0, 2**32))
def test_so_do_many_more_histories(tell_next: Callable[[int], object], history: History, seed: int) -> None:
    tell_next(600)
    assert_order_does_not_matter(history, seed)
