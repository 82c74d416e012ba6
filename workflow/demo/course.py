"""The course of one relationship: which states it goes through, when and why.

A model of its own, written from the domain's words for the sake of comparison: at every instant it looks at
all that is known by then, where the service carries a state from event to event.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from workflow.demo.cast import DAY, Pair
from workflow.demo.merging import Meetings
from workflow.demo.reports import Call, Report

DEFAULT_CADENCE = 30
UNREPORTED = 3 * DAY
FOREVER = timedelta(days=100_000)


@dataclass(frozen=True, slots=True)
class Step:
    """A state entered, when, and why."""

    state: str
    at: datetime
    why: str


@dataclass(slots=True)
class Spell:
    """A time of stagnation."""

    since: datetime
    declared: bool
    until: datetime | None = None


class Course:
    """One relationship, from its opening on."""

    def __init__(self, pair: Pair, opened: datetime) -> None:
        self.pair = pair
        self.meetings = Meetings(pair)
        self.opened = opened
        self.closed: datetime | None = None
        self.trail = [Step("onboarding", opened, "opened")]
        self._clock = opened
        self._done: set[tuple[str, UUID]] = set()
        self._active: datetime | None = None
        self._suspected: datetime | None = None
        self._spell: Spell | None = None
        self._looks: list[datetime] = []
        self._measures: dict[UUID, datetime] = {}
        self._settled: dict[UUID, datetime] = {}

    @property
    def state(self) -> str:
        """Where it stands."""
        return self.trail[-1].state

    def call(self, call: Call, now: datetime) -> bool:
        """Something done in the portal; False where it is refused."""
        if self.state == "closure":
            return False
        accepted = self._do(call, now)
        if accepted and self.state != "closure":
            self._reconsider(now)
        return accepted

    def report(self, report: Report, now: datetime) -> bool:
        """A report that reached the service; False where it is stale."""
        news = self.meetings.learn(report)
        if self.state != "closure":
            self._reconsider(now)
        return news

    def pass_time(self, until: datetime) -> None:
        """What the clock brings about, instant by instant."""
        while self.state != "closure":
            instant = max(self._next(), self._clock)
            if instant > until:
                break
            self._ask(instant)
        self._clock = max(self._clock, until)

    # --- what people do ----------------------------------------------------------------------------------

    def _do(self, call: Call, now: datetime) -> bool:
        everybody = {person.id for person in self.pair.people}
        if call.kind in ("confirm", "sign"):
            self._done.add((call.kind, call.person))
            complete = everybody == {person for kind, person in self._done if kind == call.kind}
            if complete and call.kind == "confirm":
                self._enter("agreement", now, "all committed")
            elif complete:
                self._active = now
                self._enter("active", now, "all signed")
        elif call.kind == "declare":
            if self.state != "active":
                return False
            self._spell = Spell(now, declared=True)
            self._enter("stagnation", now, "declared")
        elif call.kind == "look":
            if self.state not in ("active", "stagnation"):
                return False
            self._looks.append(now)
            self._measures |= {measure: now for measure, _, _ in call.measures}
        elif call.measure is not None:
            if call.measure not in self._measures:
                return False
            self._done.add((str(call.measure), call.person))
            dropped = everybody == {person for kind, person in self._done if kind == str(call.measure)}
            if call.kind == "done" or dropped:
                self._settled.setdefault(call.measure, now)
        elif call.kind == "close":
            self.closed = now
            self._enter("closure", now, f"{call.manner}: {call.reason}")
        return True

    def _enter(self, state: str, at: datetime, why: str) -> None:
        self.trail.append(Step(state, at, why))

    # --- what is to be reconsidered whenever a fact comes in ----------------------------------------------

    def _reconsider(self, now: datetime) -> None:
        self._clock = max(self._clock, now)
        self._withdraw(now)
        self._come_back(now)
        if self._suspected is not None and not self._suspicious(now):
            self._suspected = None

    def _withdraw(self, now: datetime) -> None:
        spell = self._spell
        if self.state != "stagnation" or spell is None or spell.declared:
            return
        anchor = self._anchor(spell.since)
        if anchor is not None and anchor + 2 * self._cadence > spell.since:
            self._spell = None
            self._enter("active", now, "withdrawn")

    def _come_back(self, now: datetime) -> None:
        spell = self._spell
        if spell is None:
            return
        way = self._way_back(spell)
        if self.state == "active" and spell.until is not None and way != spell.until:
            self._enter("active" if way else "stagnation", way or now, "revised" if way else "way back gone")
            spell.until = way
        if self.state == "stagnation" and way is not None:
            spell.until = way
            self._enter("active", way, "reinvigorated")

    def _way_back(self, spell: Spell) -> datetime | None:
        held = sorted(end for end in self._held() if end > spell.since)
        ways = []
        looks = [look for look in self._looks if look >= spell.since]
        settled = [
            self._settled[m]
            for m, look in self._measures.items()
            if look >= spell.since and m in self._settled
        ]
        if held and looks and settled:
            ways.append(max(held[0], min(looks), min(settled)))
        if not spell.declared:
            near = 2 * self._cadence
            ways += [later for one, later in zip(held, held[1:], strict=False) if later - one <= near]
        return min(ways, default=None)

    # --- silence -----------------------------------------------------------------------------------------

    @property
    def _cadence(self) -> timedelta:
        return DAY * (self.pair.cadence if self._active is not None else DEFAULT_CADENCE)

    def _held(self) -> list[datetime]:
        return [m.ends_at for m in self.meetings.standing() if m.status == "held" and m.ends_at is not None]

    def _anchor(self, until: datetime | None = None) -> datetime | None:
        signs = [end for end in self._held() if until is None or end <= until]
        return max(signs + [self._active] if self._active is not None else signs, default=None)

    def _calm(self) -> list[tuple[datetime, datetime]]:
        """When bookings hold a suspicion off."""
        anchor, near = self._anchor(), 0.5 * self._cadence
        spans: list[tuple[datetime, datetime]] = []
        for meeting in self.meetings.standing():
            starts, ends = meeting.starts_at, meeting.ends_at
            if starts is None or ends is None or anchor is None or ends <= anchor:
                continue
            if meeting.status == "scheduled":
                spans.append((starts - near, ends + (UNREPORTED if spans else max(UNREPORTED, near))))
            elif meeting.status == "unconfirmed" and not spans:
                spans.append((starts - near, ends + near))
        return spans

    def _suspicious(self, at: datetime) -> bool:
        anchor = self._anchor()
        if anchor is None or self.state not in ("agreement", "active", "stagnation"):
            return False
        return at >= anchor + 1.5 * self._cadence and not any(a <= at < b for a, b in self._calm())

    def _stagnates(self) -> datetime | None:
        anchor = self._anchor()
        if self.state != "active" or self._suspected is None or anchor is None:
            return None
        return max(anchor + 2 * self._cadence, self._suspected + 7 * DAY)

    def _next(self) -> datetime:
        """The next instant at which the mere passing of time may change something."""
        never = self._clock + FOREVER
        instants = [
            m.ends_at + UNREPORTED for m in self.meetings.standing() if m.status == "scheduled" and m.ends_at
        ]
        anchor = self._anchor()
        if anchor is not None and self.state != "onboarding":
            edges = [anchor + 1.5 * self._cadence] + [edge for span in self._calm() for edge in span]
            changes = [edge for edge in {*edges, self._clock} if edge >= self._clock]
            instants += [edge for edge in changes if self._suspicious(edge) != (self._suspected is not None)]
            instants += [due for due in (self._stagnates(),) if due is not None]
        return min(instants, default=never)

    def _ask(self, at: datetime) -> None:
        self._clock = at
        for meeting in self.meetings.standing():
            if (
                meeting.status == "scheduled"
                and meeting.ends_at is not None
                and meeting.ends_at + UNREPORTED <= at
            ):
                self.meetings.call_unconfirmed(meeting)
        suspicious = self._suspicious(at)
        if not suspicious:
            self._suspected = None
        elif self._suspected is None:
            self._suspected = at
        due = self._stagnates()
        if due is not None and due <= at:
            self._spell = Spell(at, declared=False)
            self._enter("stagnation", at, "inferred")
