"""Any reports of meetings, clashing in sequences, times and UIDs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from tests.domain.story import DAY_ZERO, MENTEE, MENTOR, day
from workflow.aggregates import commands as c
from workflow.aggregates import events as e

UIDS = ("ada", "ben", "cleo")
RECURRENCES = (None, day(7))
LATER = day(300)
hours = st.integers(0, 60 * 24).map(lambda hour: DAY_ZERO + timedelta(hours=hour))


@st.composite
def reports(draw: st.DrawFn) -> tuple[c.MeetingReport, ...]:
    """A history of messages about a handful of meetings, with clashing sequences, times and UIDs."""
    found: list[c.MeetingReport] = []
    for number in range(draw(st.integers(1, 9))):
        start = draw(hours)
        common: dict[str, Any] = {
            "at": draw(hours),
            "uid": draw(st.sampled_from(UIDS)),
            "recurrence_id": draw(st.sampled_from(RECURRENCES)),
            "source": draw(st.sampled_from(("calendar", "portal"))),
            "message": f"m{number}",
        }
        times: dict[str, Any] = {"starts_at": start, "ends_at": start + timedelta(hours=1)}
        attended = draw(st.sampled_from((None, (MENTOR,), (MENTEE,), (MENTOR, MENTEE), ())))
        sequence = draw(st.integers(0, 2))
        match draw(st.sampled_from(("booked", "moved", "cancelled", "held", "missed", "corrected"))):
            case "booked":
                found.append(c.ReportScheduled(**common, **times, sequence=sequence))
            case "moved":
                previous = draw(st.sampled_from((None, *UIDS)))
                found.append(c.ReportRescheduled(**common, **times, sequence=sequence, previous_uid=previous))
            case "cancelled":
                found.append(c.ReportCancelled(**common, sequence=sequence))
            case "held":
                found.append(c.ReportHeld(**common, **times, attended=attended))
            case "missed":
                found.append(c.ReportMissed(**common, missed_by=(MENTEE,)))
            case _:
                outcome = draw(st.sampled_from(e.Outcome))
                own: dict[str, Any] = times if outcome is e.Outcome.HELD else {}
                absent = (MENTOR,) if outcome is e.Outcome.MISSED else ()
                found.append(c.CorrectOutcome(**common, **own, outcome=outcome, missed_by=absent))
    return tuple(found)
