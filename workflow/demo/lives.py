"""The lives of the pairs: from the first day, through silence and new starts, to the closure."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from workflow.demo.appointments import Diary
from workflow.demo.asking import Lived
from workflow.demo.cast import (
    DAY,
    ENDINGS,
    PLANNED,
    START,
    STEP,
    Cast,
    Pair,
    Person,
    Plan,
    months_after,
    name,
)
from workflow.demo.reports import Call, Sent

TERM_MONTHS = 6
NEVER = 10_000
AHEAD = 35 * DAY
"""So far past the story's last day calendars go on: what is told of it before the end is booked for days to come."""
SILENT = (Plan.FADES, Plan.LOOKS_AFRESH, Plan.MEETS_AGAIN, Plan.MET_UNREPORTED, Plan.TAKEN_BACK)
"""Plans in which the appointments stop for more than twice the agreed cadence."""
TURNING = (*SILENT, Plan.DECLARES, Plan.RESTS)
"""Plans in which something else comes after a few meetings."""


class Life:
    """What one pair does in the portal, and what its calendar says."""

    def __init__(self, cast: Cast, pair: Pair) -> None:
        self.calls: list[Call] = []
        self.pair = pair
        self._random = Random(f"life/{cast.seed}/{pair.relationship}")
        self._diary = Diary(cast.seed, pair, self._random)
        self._seed = cast.seed
        self._end = cast.end
        self._active: datetime | None = None
        self._leave: datetime | None = None

    @property
    def sent(self) -> list[Sent]:
        """What the calendar says, in the order in which it came about."""
        return self._diary.sent

    def lived(self) -> Lived:
        """What is written down, for whoever adds to it."""
        closed = next((START + DAY * call.day for call in self.calls if call.kind == "close"), None)
        reports = tuple(entry.report for entry in self.sent)
        until = self._end if closed is None else closed
        return Lived(self.pair, self._active, until, closed, reports, tuple(self.calls))

    def live(self) -> None:
        """Write the whole life down."""
        last_signed = self._agree()
        if self.pair.plan is Plan.NEVER_READY:
            self._stuck()
            return
        self._active = last_signed
        self._meet()
        if self._leave is not None and self._leave < self._end:
            self._close(self._leave)

    def _agree(self) -> datetime:
        """Opened, committed, agreed; each step on a day of its own choice. Returns when all had signed."""
        random, pair = self._random, self.pair
        self._call("open", pair.opens, role="coordinator", person=pair.coordinator)
        ready = pair.opens + DAY * random.choice((0, 0, 0, 2, 4))
        self._call("step", ready, role="coordinator", person=pair.coordinator, step=STEP)
        stuck = pair.plan is Plan.NEVER_READY and random.random() < 0.5
        for person in pair.people[1:] if stuck else pair.people:
            day = pair.opens + DAY * random.randrange(0, 5)
            self._by("confirm", day, person)
            ready = max(ready, day)
        if stuck:
            return self._end
        drafted = ready + DAY * random.randrange(1, 4)
        self._by("draft", drafted, pair.people[0], cadence_days=pair.cadence)
        signed = drafted
        for person in pair.people[1:] if pair.plan is Plan.NEVER_READY else pair.people:
            day = drafted + DAY * random.randrange(1, 6)
            self._by("sign", day, person, version=1)
            signed = max(signed, day)
        return signed

    def _stuck(self) -> None:
        """A first meeting, perhaps; the agreement never stands, and some give up."""
        if self._random.random() < 0.6:
            self._diary.meeting(self.pair.opens + 9 * DAY, known=self.pair.opens + DAY)
        leave = self.pair.opens + DAY * self._random.randrange(70, 200)
        if self._random.random() < 0.4 and leave < self._end:
            self._close(leave, "one_sided", "abandonment")

    def _meet(self) -> None:
        assert self._active is not None
        random, pair = self._random, self.pair
        self._leave = self._leaving(self._active)
        until = min(self._leave or self._end, self._end) - 4 * DAY
        leaves = self._leave is not None and self._leave < self._end
        last = until if leaves else self._end + AHEAD
        turn = random.randrange(2, 5) if pair.plan in TURNING else NEVER
        held = 0
        # In some pairs nobody tells what became of two appointments in a row.
        unreported = 2 if Random(f"unreported/{self._seed}/{pair.relationship}").random() < 0.06 else 0
        known = pair.opens - 2 * DAY if random.random() < 0.15 else pair.opens + 6 * timedelta(hours=1)
        day = pair.opens + DAY * random.randrange(4, 11)
        while day + 4 * DAY < last:
            fate = "held" if held + 1 >= turn and day > self._active + 4 * DAY else None
            if unreported and held and fate is None:
                fate, unreported = "silent", unreported - 1
            ends, came = self._diary.meeting(day, known=known, fate=fate)
            held += came
            gap = pair.cadence * random.uniform(0.7, 1.05) if came else random.uniform(4, 8)
            if came and held >= turn and ends > self._active + 5 * DAY:
                turn = NEVER
                resumed = self._turning(ends, until)
                if resumed is None:
                    return
                ends, gap = resumed, pair.cadence * random.uniform(0.6, 0.9)
            known, day = ends, ends + timedelta(days=gap)

    def _leaving(self, active: datetime) -> datetime | None:
        """When the pair closes: at the end of its term, or early where life has it so."""
        term = months_after(active.replace(day=min(active.day, 28)), TERM_MONTHS) + DAY * 2
        if self.pair.plan is Plan.LEAVES:
            return active + DAY * self._random.randrange(35, 110)
        return term if self._random.random() < 0.55 else None

    def _turning(self, ends: datetime, until: datetime) -> datetime | None:
        """What the plan has in store. Returns the end of the meeting from which life goes on, or None."""
        pair, random = self.pair, self._random
        entry = ends + 2 * pair.cadence * DAY
        if pair.plan is Plan.RESTS:
            return self._rest(ends, until)
        if pair.plan is Plan.DECLARES:
            declared = ends + DAY * random.randrange(1, 5)
            who: Person | None = random.choice((None, *pair.people))
            if who is None:
                self._call("declare", declared, role="coordinator", person=pair.coordinator)
            else:
                self._by("declare", declared, who)
            return self._afresh(declared + DAY, until)
        if pair.plan in SILENT and entry + 45 * DAY > until:
            return None
        if pair.plan is Plan.LOOKS_AFRESH:
            return self._afresh(entry + DAY, until)
        if pair.plan is Plan.MEETS_AGAIN:
            again = entry + DAY * random.randrange(4, 9)
            first, _ = self._diary.meeting(again, known=entry + DAY, fate="held")
            second = first + DAY * pair.cadence * random.uniform(0.5, 0.9)
            return self._diary.meeting(second, known=first, fate="held")[0]
        if pair.plan is Plan.TAKEN_BACK:
            return self._taken_back(entry + DAY)
        if pair.plan is Plan.MET_UNREPORTED:
            told = (entry + DAY * random.randrange(6, 14)).replace(hour=7)
            self._diary.met_unreported(ends + DAY * pair.cadence * random.uniform(1.1, 1.35), told=told)
            return self._diary.meeting(told + DAY * random.randrange(3, 6), known=told, fate="held")[0]
        if pair.plan is Plan.FADES:
            gone = entry + DAY * random.randrange(20, 60)
            self._leave = gone if random.random() < 0.5 else None
            return None
        return ends

    def _afresh(self, entered: datetime, until: datetime) -> datetime | None:
        """A fresh look, a meeting and a measure, in any order; in some pairs one of the three stays out."""
        random, pair = self._random, self.pair
        if entered + 25 * DAY > until:
            return None
        looked = entered + DAY * random.randrange(3, 12)
        met = entered + DAY * random.randrange(4, 16)
        ids = [name(self._seed, pair.relationship, "measure", n) for n in range(random.randrange(2, 5))]
        measures = tuple((measure, random.choice(pair.people).id, looked + DAY * 14) for measure in ids)
        self._by("look", looked, pair.mentors[0], measures=measures)
        ends, _ = self._diary.meeting(met, known=entered, fate="held")
        ready = looked + DAY * random.randrange(2, 12)
        chance = random.random()
        if chance < 0.7:
            self._by("done", ready, pair.mentees[0], measure=ids[0])
        elif chance < 0.9:
            for number, person in enumerate(pair.people):
                self._by("drop", ready + DAY * number, person, measure=ids[1])
        return ends

    def _rest(self, ends: datetime, until: datetime) -> datetime | None:
        """A pause: ended by a word, by itself or by a meeting, which in some pairs then was none."""
        random, pair = self._random, self.pair
        paused = ends + DAY * random.randrange(2, 7)
        over = paused + DAY * random.randrange(25, 61)
        if over + 30 * DAY > until:
            return None
        who: Person | None = random.choice((None, *pair.people))
        by = (pair.coordinator, "coordinator") if who is None else (who.id, who.role)
        self._call("pause", paused, person=by[0], role=by[1], ends_at=over)
        chance = random.random()
        if chance < 0.35:  # somebody says that it goes on
            over = paused + (over - paused) * 0.6
            self._call("resume", over, person=by[0], role=by[1])
        elif chance < 0.65:  # they meet all the same
            met, _ = self._diary.meeting(paused + 12 * DAY, known=paused + DAY, fate="held")
            if chance < 0.5:
                return met
            entry = self._diary.latest()
            self._diary.correct(entry, met + DAY * random.choice((3, 6)), "none")
        elif chance < 0.75:
            return None
        return self._diary.meeting(over + DAY * random.randrange(3, 9), known=over, fate="held")[0]

    def _taken_back(self, after: datetime) -> datetime:
        """Back by two meetings, of which one turns out not to have been, or to have been later; then held."""
        random, pair = self._random, self.pair
        first, _ = self._diary.meeting(after + DAY * random.randrange(3, 7), known=after, fate="held")
        entry = self._diary.latest()
        met, _ = self._diary.meeting(first + DAY * pair.cadence * 0.5, known=first, fate="held")
        told = met + DAY * random.randrange(2, 6)
        if random.random() < 0.7:
            self._diary.correct(entry, told, "none")
            told += DAY * random.randrange(2, 6)
            self._diary.correct(entry, told, "held", first)
        else:
            self._diary.correct(self._diary.latest(), told, "held", met + 5 * timedelta(hours=1))
        return max(met, told)

    def _close(self, day: datetime, manner: str = "", reason: str = "") -> None:
        random, pair = self._random, self.pair
        if not manner:
            manner, reason = random.choice(ENDINGS.get(pair.plan, PLANNED))
        self._call("close", day, role="coordinator", person=pair.coordinator, manner=manner, reason=reason)

    def _by(self, kind: str, day: datetime, person: Person, **members: Any) -> None:
        self._call(kind, day, role=person.role, person=person.id, **members)

    def _call(self, kind: str, day: datetime, *, role: str, person: UUID, **members: Any) -> None:
        """Done in the portal on that day; what would lie beyond the story's end is left out."""
        number = -(-(day - START) // DAY)
        if START + number * DAY >= self._end:
            return
        self.calls.append(
            Call(
                kind=kind,
                relationship=self.pair.relationship,
                key=name(self._seed, self.pair.relationship, "call", len(self.calls)),
                role=role,
                person=person,
                day=number,
                repeated=self._random.random() < 0.05,
                **members,
            )
        )
