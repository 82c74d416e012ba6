"""What happens in one run, all of it drawn from a seed.

So that what it comes to cannot depend on who is faster, intake or clock, there are two kinds of pairs. The
*quiet* ones met before the main part; all that falls due while the clock moves through it is theirs. The
*busy* ones are opened meanwhile, and the messages taken in are about them; whatever these bring about falls
due after it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from tests.end_to_end.service import Request

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
BEGIN, END, LAST = 100.0, 102.0, 250.0
"""Days after the start: the main part's, and where the clock is moved in the end."""

HELD = BEGIN, BEGIN + 1
"""When the main part's meetings are held: never too far ahead of the clock to be believed. What falls due
because of them does so after the main part."""

BOOKED_FROM = END + 4
"""The earliest that the main part's meetings are booked for: they are prepared for 72 hours before, after it, too."""

QUIET_FOR = (15, 45, 15, 60, 15, 81)
"""Days after a held meeting: a reminder to book, a suspicion, stagnation, and that no fresh look was taken."""

COORDINATOR = "coordinator cccccccc-0000-4000-8000-000000000003"


@dataclass(frozen=True, slots=True)
class Couple:
    """A mentor, a mentee and the relationship that they have, or are to have."""

    number: int
    relationship: UUID
    mentor: UUID
    mentee: UUID

    @property
    def identities(self) -> list[str]:
        """How calendars know them."""
        return [f"email:mentor{self.number}@example.org", f"ext:portal:{self.number}"]


@dataclass(frozen=True, slots=True)
class Plan:
    """``before``, one after the other, leads to the main part: ``steps`` and, meanwhile, ``messages``.

    ``busy`` are the relationships that these are about.
    """

    before: list[Request | bytes]
    steps: list[Request]
    messages: list[bytes]
    after: list[Request]
    busy: frozenset[UUID]

    @property
    def early(self) -> int:
        """How many messages come before the main part."""
        return sum(isinstance(step, bytes) for step in self.before)


def at(day: float) -> datetime:
    """So many days after the start, in whole seconds."""
    return START + timedelta(seconds=round(day * 86400))


def make(seed: int, *, quiet: int, busy: int, messages: int, conflicts: bool = True) -> Plan:
    """Draw a plan."""
    random = Random(seed)
    couples = [
        Couple(number, *(UUID(int=random.getrandbits(128), version=4) for _ in range(3)))
        for number in range(quiet + busy)
    ]
    resting, meeting = couples[:quiet], couples[quiet:]
    before: list[Request | bytes] = []
    met = [
        (
            BEGIN + (END - BEGIN) * (index + random.random()) / quiet - QUIET_FOR[index % len(QUIET_FOR)],
            couple,
        )
        for index, couple in enumerate(resting)
    ]
    for end, couple in sorted(met, key=lambda one: one[0]):
        before += [_clock(end), *beginning(couple, agreed=True), body(_held(couple, end))]
    beginnings = [list(beginning(couple, agreed=random.random() < 0.8)) for couple in meeting]
    later = range(busy // 2, busy - max(1, busy // 10))  # nobody ever opens the last ones
    steps: list[Request] = []
    for index, number in enumerate(later):
        steps += [*beginnings[number], _clock(BEGIN + (END - BEGIN) * (index + 1) / len(later))]
    before += [_clock(BEGIN), *(request for some in beginnings[: later.start] for request in some)]
    return Plan(
        before,
        steps,
        messages=list(_messages(random, meeting, messages, conflicts=conflicts)),
        after=[_clock(day) for day in (*range(106, 170, 8), 170, 210, LAST)],
        busy=frozenset(couple.relationship for couple in meeting),
    )


def beginning(couple: Couple, *, agreed: bool) -> Iterator[Request]:
    """Bring a pair together; where they ``agreed`` they have begun, too."""
    base, key = f"/v1/relationships/{couple.relationship}", str(couple.number)
    mentor, mentee = f"mentor {couple.mentor}", f"mentee {couple.mentee}"
    parties = [
        {"role": "mentor", "person_id": str(couple.mentor), "identities": couple.identities[:1]},
        {"role": "mentee", "person_id": str(couple.mentee), "identities": couple.identities[1:]},
    ]
    opening = {"relationship_id": str(couple.relationship), "parties": parties}
    yield Request("POST", "/v1/relationships", COORDINATOR, opening, key)
    for actor in (mentor, mentee):
        yield Request("POST", f"{base}/commitments", actor, None, key)
    if agreed:
        topics = [{"title": "what stays between us", "visibility": "pair_only"}]
        yield Request("POST", f"{base}/agreements", mentor, {"topics": topics}, key)
        for actor in (mentor, mentee):
            yield Request("POST", f"{base}/agreements/1/signatures", actor, None, key)


def _clock(day: float) -> Request:
    return Request("POST", "/v1/clock", COORDINATOR, {"to": at(day).isoformat()})


# --- messages --------------------------------------------------------------------------------------------


def _held(couple: Couple, end: float) -> dict[str, Any]:
    data = times(end - 1 / 24) | {
        "uid": f"quiet-{couple.number}",
        "relationship_id": str(couple.relationship),
    }
    return event("held", f"quiet-{couple.number}", end, data)


def _messages(random: Random, couples: list[Couple], number: int, *, conflicts: bool) -> Iterator[bytes]:
    sent: list[dict[str, Any]] = []
    for index in range(number):
        chance = random.random()
        if sent and chance < 0.05:
            yield body(random.choice(sent))  # sent again
        elif sent and conflicts and chance < 0.06:
            yield body(random.choice(sent) | {"time": at(99).isoformat()})
        elif chance < 0.08:
            yield _spoilt(random, _message(random, random.choice(couples), f"bad-{index}"))
        else:
            message = _message(random, random.choice(couples), f"m-{index}")
            sent.append(message)
            yield body(message)


def _message(random: Random, couple: Couple, id: str) -> dict[str, Any]:
    """Something said of one of a few meetings of a pair: held just before the main part, or booked for later."""
    uids = [f"{couple.number}-{letter}" for letter in "abcdef"]
    uid, time = random.choice(uids), 90 + 10 * random.random()
    kind = random.choices(
        ("scheduled", "rescheduled", "cancelled", "held", "missed", "corrected"), (30, 14, 12, 30, 8, 6)
    )[0]
    data: dict[str, Any] = {"uid": uid, "title": "dropped before anything is kept"}
    if random.random() < 0.25:
        data["recurrence_id"] = at(110).isoformat()
    if random.random() < 0.5:
        data["relationship_id"] = str(couple.relationship)
    else:
        data["parties"] = couple.identities
    if kind in ("scheduled", "rescheduled", "cancelled"):
        data["sequence"] = random.randrange(4)
    if kind in ("scheduled", "rescheduled"):
        data |= times(BOOKED_FROM + random.randrange(60 * 24) / 24)
    if kind == "held":
        data |= _held_times(random)
    if kind == "rescheduled" and random.random() < 0.3:
        data["previous_uid"] = random.choice(uids)
    if kind == "held" and random.random() < 0.2:
        data["attended"] = couple.identities[: random.randrange(1, 3)]
    if kind == "missed":
        data["missed_by"] = [random.choice([*couple.identities, "email:nobody@example.org"])]
    if kind == "corrected":
        data["outcome"] = random.choice(("held", "missed", "cancelled", "none"))
        data |= _held_times(random) if data["outcome"] == "held" else {}
        data |= {"missed_by": couple.identities[:1]} if data["outcome"] == "missed" else {}
    return event(kind, id, time, data)


def _spoilt(random: Random, message: dict[str, Any]) -> bytes:
    match random.randrange(4):
        case 0:
            return body(message)[: random.randrange(1, 60)]
        case 1:
            return body(message | {"type": "mentoring.meeting.scheduled.v9"})
        case 2:
            return body(message | {"time": "yesterday"})
        case _:
            return body(message | {"data": {"uid": "nobody's"}})


def _held_times(random: Random) -> dict[str, str]:
    return times(random.uniform(HELD[0], HELD[1] - 1 / 24))


def times(day: float) -> dict[str, str]:
    return {"starts_at": at(day).isoformat(), "ends_at": (at(day) + timedelta(hours=1)).isoformat()}


def event(kind: str, id: str, time: float, data: dict[str, Any]) -> dict[str, Any]:
    """A CloudEvent of one of the meeting types, which happened so many days after the start."""
    return {
        "specversion": "1.0",
        "type": f"mentoring.meeting.{kind}.v1",
        "source": "/calendar",
        "id": id,
        "time": at(time).isoformat(),
        "data": data,
    }


def body(message: dict[str, Any]) -> bytes:
    """A message as it travels."""
    return json.dumps(message).encode()
