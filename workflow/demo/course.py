"""The course of one relationship: which states it goes through, when and why.

A model of its own, written from the domain's words for the sake of comparison: at every instant it looks at
all that is known by then, where the service carries a state from event to event.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from workflow.demo import agreeing, looks, permitted
from workflow.demo.agreeing import Agreeing
from workflow.demo.cast import DAY, Pair
from workflow.demo.looks import Looks
from workflow.demo.merging import Meetings
from workflow.demo.permitted import Permitted
from workflow.demo.policies import Adoption
from workflow.demo.quiet import Quiet
from workflow.demo.reports import Call, Report
from workflow.demo.rests import Rests
from workflow.demo.spells import Spell, Step, shift
from workflow.demo.suspicion import Suspicion

FOREVER = timedelta(days=100_000)
ALWAYS = ("unname", "destroy")
"""What is never refused to whoever is, or was, of the pair: also after the closing."""


class Course:
    """One relationship, from its opening on."""

    def __init__(self, pair: Pair, opened: datetime) -> None:
        self.pair = pair
        self.meetings = Meetings(pair)
        self.opened = opened
        self.closed: datetime | None = None
        self.state = "onboarding"
        self.trail = [Step("onboarding", opened, "opened")]
        self.permitted = Permitted(self.meetings)
        self._agreeing = Agreeing(pair.people)
        self._looks = Looks()
        self._rests = Rests()
        self._clock = opened
        self._suspicion = Suspicion()
        self._spell: Spell | None = None

    def call(self, call: Call, now: datetime) -> bool:
        """Something done in the portal; False where it is refused."""
        if call.kind in ALWAYS:
            return True
        if call.role != "coordinator" and call.person not in self._agreeing.present:
            return False
        if call.kind in permitted.KINDS:
            return self.permitted.call(call, now, self.closed)
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

    def left(self, person: UUID) -> datetime | None:
        """When somebody left; None for whoever is still there."""
        return self._agreeing.left.get(person)

    def follow(self, adoption: Adoption, now: datetime) -> None:
        """From now on another policy is in force; what moves a pair in it is what it takes to agree."""
        self._agreeing.form, self._agreeing.introduces = adoption.form, adoption.introduces
        self._begin(now, "no introduction asked for")
        if self.state != "closure":
            self._reconsider(now)

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
        if call.kind in agreeing.KINDS:
            if not self._agreeing.call(call, now):
                return False
            self._looks.reconsider(now, self._agreeing.present)
            self._begin(now, "all committed")
        elif call.kind == "name":
            return call.whose in self._agreeing.present
        elif call.kind == "pause" and call.ends_at is not None:
            return self._rests.begin(now, call.ends_at, self._quiet().held())
        elif call.kind == "resume":
            self._rests.end(now, self._quiet().held())
        elif call.kind == "declare":
            if self.state != "active":
                return False
            self._spell = Spell(now, declared=True)
            self._enter("stagnation", now, "declared")
        elif call.kind in looks.KINDS:
            if call.kind == "look" and self.state not in ("active", "stagnation"):
                return False
            return self._looks.call(call, now, self._agreeing.present)
        elif call.kind == "close":
            self.closed = now
            self._enter("closure", now, f"{call.manner}: {call.reason}")
        return True

    def _begin(self, now: datetime, why: str) -> None:
        """The onboarding is over once there is nothing left to wait for."""
        if self.state == "onboarding" and self._agreeing.is_ready():
            self._agreeing.begun = now
            self._enter("agreement", now, why)

    def _enter(self, state: str, at: datetime, why: str) -> None:
        self.state = state
        self.trail.append(Step(state, at, why))

    # --- what is to be reconsidered whenever a fact comes in ----------------------------------------------

    def _quiet(self) -> Quiet:
        agreed = self._agreeing
        known = Quiet(self.meetings.standing(), agreed.since, DAY * agreed.cadence)
        held = known.held()
        return replace(known, resumed=tuple(self._rests.ended(held)), resting=self._rests.resting(held))

    def _reconsider(self, now: datetime) -> None:
        self._clock = max(self._clock, now)
        self._agree(now)
        quiet = self._quiet()
        self._withdraw(quiet, now)
        self._come_back(quiet, now)
        if self.state != "onboarding":
            self._suspicion.look(quiet, now)

    def _agree(self, now: datetime) -> None:
        """The agreement comes to stand; one that rests on the first meeting follows what is known of it."""
        agreed, held = self._agreeing, self._quiet().held()
        concludes = agreed.concludes(held) if self.state == "agreement" else None
        if concludes is not None:
            agreed.stand(concludes)
            self._enter("active", concludes, "first meeting" if agreed.by_meeting else "all signed")
        elif agreed.since is not None and agreed.by_meeting and agreed.first(held) != agreed.since:
            self._rest_on(agreed.first(held), now)
        agreed.amend()

    def _rest_on(self, first: datetime | None, now: datetime) -> None:
        """Without a first meeting all is as before it; what people have declared since stays."""
        spell = self._spell
        if first is not None:
            self._agreeing.since = first
            shift(self.trail, "first meeting", first)
        elif spell is None or spell.withdrawn or not spell.declared:
            if spell is not None and not spell.withdrawn:
                self._fall(spell, now)
            self._agreeing.fall()
            self._enter("agreement", now, "no first meeting")

    def _withdraw(self, quiet: Quiet, now: datetime) -> None:
        """An inferred stagnation falls with the silence that it rested on, and stands again with it."""
        spell = self._spell
        if spell is None or spell.declared or self.state not in ("active", "stagnation"):
            return
        anchor = quiet.anchor(until=spell.since)
        silent = anchor is None or anchor + 2 * quiet.cadence <= spell.since
        if silent and spell.withdrawn:
            spell.withdrawn = False
            self._enter("stagnation", now, "withdrawal revised")
        elif not silent and not spell.withdrawn:
            self._fall(spell, now)

    def _fall(self, spell: Spell, now: datetime) -> None:
        """The stagnation never was; a pair that has come back from it stays where it is."""
        if self.state == "stagnation":
            self._enter("active", now, "withdrawn")
        spell.withdrawn, spell.until = True, None

    def _come_back(self, quiet: Quiet, now: datetime) -> None:
        spell = self._spell
        if spell is None or spell.withdrawn:
            return
        way = self._way_back(quiet, spell)
        if self.state == "active" and spell.until is not None and way != spell.until:
            if way is None:
                self._enter("stagnation", now, "way back gone")
            else:
                shift(self.trail, "reinvigorated", way)
            spell.until = way
        if self.state == "stagnation" and way is not None:
            spell.until = way
            self._enter("active", way, "reinvigorated")

    def _way_back(self, quiet: Quiet, spell: Spell) -> datetime | None:
        """A look, a meeting and a measure settled; or, where nobody declared it, two meetings soon."""
        held = [end for end in quiet.held() if end > spell.since]
        taken, settled = self._looks.since(spell.since), self._looks.settled_since(spell.since)
        ways = []
        if held and taken and settled:
            ways.append(max(held[0], min(taken), min(settled)))
        if not spell.declared:
            ways += [later for one, later in pairwise(held) if later - one <= 2 * quiet.cadence]
        return min(ways, default=None)

    # --- what the mere passing of time brings --------------------------------------------------------------

    def _next(self) -> datetime:
        """The next instant at which the mere passing of time may change something."""
        quiet = self._quiet()
        instants = [due for due, _ in quiet.unreported()]
        lapses = self._rests.lapses(quiet.held())
        if lapses is not None:
            instants.append(lapses)
        if self.state != "onboarding":
            edges = [edge for edge in {*quiet.edges(), self._clock} if edge >= self._clock]
            instants += [edge for edge in edges if quiet.suspicious(edge) != self._suspicion.stands]
        stagnates = self._stagnates(quiet)
        return min(instants if stagnates is None else [*instants, stagnates], default=self._clock + FOREVER)

    def _ask(self, at: datetime) -> None:
        self._clock = at
        for due, meeting in self._quiet().unreported():
            if due <= at:
                self.meetings.call_unconfirmed(meeting)
        self._rests.pass_time(at, self._quiet().held())
        quiet = self._quiet()
        if self.state != "onboarding":
            self._suspicion.ask(quiet, at)
        stagnates = self._stagnates(quiet)
        if stagnates is not None and stagnates <= at:
            self._spell = Spell(at, declared=False)
            self._enter("stagnation", at, "inferred")

    def _stagnates(self, quiet: Quiet) -> datetime | None:
        return self._suspicion.stagnates(quiet) if self.state == "active" else None
