"""Which concerns should stand, worked out from the facts alone.

Left out are those that rest on when the clock was asked: silence and what follows from it, the proposal of a
closing among them. The dialogue is looked at by itself: whether a check-in was low is for its party alone, and
no log prints it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, count, pairwise
from typing import Any

from tests.oracle.meetings import Limits, Meeting, failing

Event = dict[str, Any]
Concerns = dict[tuple[str, str | None], datetime]
"""By code and the meeting they are about, and since when."""

RECOMPUTED = frozenset(
    {
        "commitment",
        "contradictory",
        "help_asked",
        "measures_overdue",
        "no_direction",
        "no_first_meeting",
        "no_support_contact",
        "nobody_reports",
        "overrun",
        "stuck",
    }
)


@dataclass(slots=True)
class Measure:
    """One measure of a fresh look; ``dropped`` by whom, and when."""

    look_at: datetime
    by_when: datetime
    done_at: datetime | None = None
    dropped: dict[str, datetime] = field(default_factory=dict)


@dataclass(slots=True)
class Care:
    """What was told of pauses, contacts, goals and measures. A pause is when it began and when it ended."""

    pauses: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    contacted: list[datetime] = field(default_factory=list)
    asked: list[datetime] = field(default_factory=list)
    directed: list[datetime] = field(default_factory=list)
    looks: list[datetime] = field(default_factory=list)
    reviewed: list[datetime] = field(default_factory=list)
    measures: dict[str, Measure] = field(default_factory=dict)

    def add(self, name: str, event: Event) -> None:
        """Take note of an event, if it is about one of these."""
        at = datetime.fromisoformat(event["occurred_at"])
        if name == "paused":
            self.pauses.append((at, None))
        elif name == "resumed" and self.pauses:
            self.pauses[-1] = (self.pauses[-1][0], at)
        elif name == "resumption_revised":
            since, ended = (_instant(event[member]) for member in ("paused_at", "instant"))
            self.pauses = [(begin, ended if begin == since else end) for begin, end in self.pauses]
        elif name == "support_contact_made":
            self.contacted.append(at)
        elif name == "help_asked":
            self.asked.append(at)
        elif name.startswith("goal_"):
            self.directed.append(at)
        elif name == "fresh_look_held":
            self.looks.append(at)
            for told in event["measures"]:
                self.measures[told["measure"]] = Measure(at, datetime.fromisoformat(told["by_when"]))
        elif name == "measures_reviewed":
            self.reviewed.append(at)
        elif name == "measure_completed":
            self.measures[event["measure"]].done_at = at
        elif name == "measure_dropped":
            self.measures[event["measure"]].dropped[event["party"]] = at

    def later(self, base: datetime, span: timedelta) -> datetime | None:
        """When so much time has passed, pauses left out; None while one goes on that holds it up."""
        instant = base + span
        for begin, end in self.pauses:
            if begin >= instant:
                break
            if end is None:
                return None
            instant += max(end - max(begin, base), timedelta())
        return instant

    def late_contact(self, opened_at: datetime, limits: Limits) -> datetime | None:
        """When the contact that is due next is late."""
        often, seldom = limits.contact_often, limits.contact_seldom
        early = limits.first_month // often
        dues = chain((n * often for n in range(1, early + 1)), (early * often + n * seldom for n in count(1)))
        due = next(dues)
        made = max(self.contacted, default=opened_at)
        passed = made - opened_at
        for begin, end in self.pauses:
            if begin < made:
                passed -= min(end or made, made) - begin
        if self.contacted:
            due = next(following for due, following in pairwise(chain([due], dues)) if due >= passed)
        return self.later(opened_at, due + limits.contact_late)

    def open_measures(self, parties: set[str]) -> list[Measure]:
        """Those neither done nor dropped by every party that is there."""
        found = self.measures.values()
        return [one for one in found if one.done_at is None and not parties <= one.dropped.keys()]

    def overdue(self, parties: set[str], limits: Limits) -> datetime | None:
        """When the first measure, or the look at what became of them, is overdue.

        A look at a measure after its date takes that date away.
        """
        unsettled = self.open_measures(parties)
        dates = [self.later(one.look_at, one.by_when - one.look_at) for one in unsettled]
        reviewed = max(self.reviewed, default=None)
        instants = [date for date in dates if date is not None and (reviewed is None or date > reviewed)]
        if unsettled and not any(at >= max(self.looks) for at in self.reviewed):
            review = self.later(max(self.looks), limits.review_measures)
            instants += [] if review is None else [review]
        return min(instants, default=None)


@dataclass(frozen=True, slots=True)
class Standing:
    """As much of a relationship as its concerns depend on.

    ``reported`` is when outcomes were told, those of meetings without a start among them.
    """

    opened_at: datetime
    begun: bool
    term_ends_at: datetime | None
    parties: set[str]
    meetings: list[Meeting]
    reported: list[datetime]
    care: Care
    limits: Limits


def expected(of: Standing, until: datetime) -> Concerns:
    """The concerns that stand, if the clock was last asked at ``until``."""
    begin = of.opened_at + of.limits.too_early
    found = dict(_by_facts(of, begin, until))
    if (undirected := _no_direction(of, until)) is not None:
        found["no_direction", None] = undirected
    if until >= begin:
        found |= {(code, None): at for code, at in _by_time(of) if at is not None and at <= until}
        return found
    return {key: at for key, at in found.items() if key[0] == "help_asked"}


def _by_facts(
    of: Standing, begin: datetime, until: datetime
) -> Iterator[tuple[tuple[str, str | None], datetime]]:
    since = failing(of.meetings, of.limits, until)
    if since is not None:
        yield ("commitment", None), max(since, begin)
    for one in of.meetings:
        if one.contradicted_at is not None:
            yield ("contradictory", one.subject), one.contradicted_at
    silent = _unreported(of.meetings, of.reported, of.limits)
    if len(silent) >= of.limits.unconfirmed_in_a_row:
        yield ("nobody_reports", None), silent[of.limits.unconfirmed_in_a_row - 1]
    waiting = [asked for asked in of.care.asked if not any(at >= asked for at in of.care.contacted)]
    if waiting:
        yield ("help_asked", None), min(waiting)


def _by_time(of: Standing) -> Iterator[tuple[str, datetime | None]]:
    care, limits = of.care, of.limits
    if all(one.status == "cancelled" for one in of.meetings):
        yield "no_first_meeting", care.later(of.opened_at, limits.no_first_meeting)
    if not of.begun:
        yield "stuck", care.later(of.opened_at, limits.stuck)
    yield "no_support_contact", care.late_contact(of.opened_at, limits)
    yield "measures_overdue", care.overdue(of.parties, limits)
    if of.term_ends_at is not None and not any(end > of.term_ends_at for end in _held_ends(of)):
        yield "overrun", of.term_ends_at


def _no_direction(of: Standing, until: datetime) -> datetime | None:
    """By the meetings held since the last look at a goal, even one told ahead; or by the time since it."""
    directed = max(of.care.directed, default=None)
    allowed = of.limits.goal_by_held if directed is None else of.limits.review_within_held
    ends = [end for end in _held_ends(of) if directed is None or end > directed]
    instants = ends[allowed - 1 : allowed]
    late = None if directed is None else of.care.later(directed, of.limits.review_within)
    if late is not None and late <= until:
        instants.append(late)
    return min(instants, default=None)


def _held_ends(of: Standing) -> list[datetime]:
    return sorted(one.ends_at for one in of.meetings if one.held and one.ends_at is not None)


def _unreported(meetings: list[Meeting], reported: list[datetime], limits: Limits) -> list[datetime]:
    """When each meeting of the row that nobody tells of became unconfirmed."""
    row: list[Meeting] = []
    for one in meetings:
        if one.status == "unconfirmed":
            row.append(one)
        elif one.status in ("held", "missed"):
            row = []
    instants = [one.ends_at + limits.unconfirmed for one in row if one.ends_at is not None]
    return sorted(at for at in instants if not reported or at > max(reported))


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
