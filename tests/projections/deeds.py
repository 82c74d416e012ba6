"""Facts of what a pair does, made by hand: meetings, goals, measures, agreements, check-ins, contacts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from tests.projections.facts import INFERRED, MENTEE, OBSERVED, PAIR, SAID, day
from workflow.aggregates import events as e
from workflow.aggregates.policy import AgreementForm
from workflow.aggregates.sealed import Sealed

HOUR = 1 / 24


def text(words: str = "ours alone") -> Sealed:
    return Sealed(words, author=MENTEE)


# --- meetings


def told(uid: str, at: float, recurrence: float | None = None, *, by: str = "") -> dict[str, Any]:
    """What every report of a meeting has; of equal reports the message's id tells which is later."""
    return {
        "occurred_at": day(at),
        "provenance": OBSERVED,
        "uid": uid,
        "recurrence_id": None if recurrence is None else day(recurrence),
        "source": "calendar",
        "message": by or f"{uid}-{at}",
    }


def hour(start: float) -> dict[str, Any]:
    return {"starts_at": day(start), "ends_at": day(start) + timedelta(hours=1)}


def booked(uid: str, start: float, at: float, sequence: int = 0, **rest: Any) -> e.MeetingScheduled:
    return e.MeetingScheduled(**told(uid, at, **rest), **hour(start), sequence=sequence)


def moved(
    uid: str, start: float, at: float, sequence: int = 1, previous: str | None = None, **rest: Any
) -> e.MeetingRescheduled:
    return e.MeetingRescheduled(
        **told(uid, at, **rest), **hour(start), sequence=sequence, previous_uid=previous
    )


def called_off(
    uid: str, at: float, by: UUID | None = None, sequence: int = 0, recurrence: float | None = None
) -> e.MeetingCancelled:
    return e.MeetingCancelled(**told(uid, at, recurrence), sequence=sequence, cancelled_by=by)


def held(uid: str, start: float, recurrence: float | None = None) -> e.MeetingHeld:
    return e.MeetingHeld(**told(uid, start + HOUR, recurrence), **hour(start))


def missed(uid: str, at: float, *by: UUID, recurrence: float | None = None) -> e.MeetingMissed:
    return e.MeetingMissed(**told(uid, at, recurrence), missed_by=by or (MENTEE,))


def corrected(
    uid: str, at: float, outcome: e.Outcome, *by: UUID, recurrence: float | None = None
) -> e.MeetingOutcomeCorrected:
    times = hour(at - 1) if outcome is e.Outcome.HELD else {}
    return e.MeetingOutcomeCorrected(
        **told(uid, at, recurrence), **times, outcome=outcome, missed_by=by, cancelled_by=next(iter(by), None)
    )


def unconfirmed(uid: str, start: float, recurrence: float | None = None) -> e.MeetingOutcomeUnconfirmed:
    return e.MeetingOutcomeUnconfirmed(
        occurred_at=day(start + 3),
        provenance=INFERRED,
        uid=uid,
        recurrence_id=None if recurrence is None else day(recurrence),
        ends_at=hour(start)["ends_at"],
    )


# --- goals and measures


def named(name: str) -> UUID:
    return uuid5(PAIR, name)


def said(at: float) -> dict[str, Any]:
    return {"occurred_at": day(at), "provenance": SAID}


def goal_set(name: str, at: float) -> e.GoalSet:
    return e.GoalSet(**said(at), goal=named(name), text=text())


def reviewed(name: str, at: float, percent: int) -> e.GoalReviewed:
    return e.GoalReviewed(**said(at), goal=named(name), reached_percent=percent)


def achieved(name: str, at: float) -> e.GoalAchieved:
    return e.GoalAchieved(**said(at), goal=named(name))


def goal_dropped(name: str, at: float) -> e.GoalDropped:
    return e.GoalDropped(**said(at), goal=named(name))


def looked(at: float, *names: str, who: UUID = MENTEE) -> e.FreshLookHeld:
    measures = tuple(
        e.Measure(measure=named(name), what=text(), who=who, by_when=day(at + 20)) for name in names
    )
    return e.FreshLookHeld(**said(at), measures=measures)


def done(name: str, at: float) -> e.MeasureCompleted:
    return e.MeasureCompleted(**said(at), measure=named(name))


def dropped(name: str, at: float, by: UUID) -> e.MeasureDropped:
    return e.MeasureDropped(**said(at), measure=named(name), party=by)


# --- the rest


def left(at: float, party: UUID) -> e.PartyLeft:
    return e.PartyLeft(**said(at), party=party)


def drafted(
    version: int, at: float, *visibilities: e.Visibility, months: int = 6, cadence: float = 30
) -> e.AgreementDrafted:
    topics = tuple(
        e.Topic(topic=named(f"topic-{number}"), title=text(), visibility=visibility)
        for number, visibility in enumerate(visibilities)
    )
    return e.AgreementDrafted(
        **said(at), version=version, cadence_days=cadence, duration_months=months, topics=topics
    )


def signed(version: int, at: float, by: UUID) -> e.AgreementSigned:
    return e.AgreementSigned(**said(at), party=by, version=version, form=AgreementForm.SIGNED)


def amended(version: int, at: float) -> e.AgreementAmended:
    return e.AgreementAmended(**said(at), version=version, cadence_days=14, term_ends_at=day(at + 365))


def reclassified(number: int, at: float, visibility: e.Visibility) -> e.TopicReclassified:
    return e.TopicReclassified(**said(at), topic=named(f"topic-{number}"), visibility=visibility)


def checked_in(at: float, by: UUID, *, low: bool = False) -> e.CheckInGiven:
    return e.CheckInGiven(
        **said(at), party=by, new_perspectives=text("4"), comfort=text("4"), equality=text("4"), low=low
    )


def contacted(at: float) -> e.SupportContactMade:
    return e.SupportContactMade(**said(at))


def not_reminded(at: float, kind: e.ReminderKind = e.ReminderKind.BOOK_NEXT_MEETING) -> e.ReminderSuppressed:
    return e.ReminderSuppressed(
        occurred_at=day(at),
        provenance=INFERRED,
        kind=kind,
        party=MENTEE,
        audience=e.Role.MENTEE,
        about=day(at - 2),
        reason=e.SuppressionReason.TOO_LATE,
    )
