"""What pairs and coordinators did, and what they were sent: reminders, episodes, contacts, versions, check-ins."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.oracle.answers import CheckIn

Event = dict[str, Any]


@dataclass(slots=True)
class Episode:
    """A concern from its raising to its clearing."""

    code: str
    subject: str | None
    since: datetime
    cleared_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reminder:
    """One that was due; ``reason`` says why it was not sent."""

    kind: str
    audience: str
    about: datetime
    step: int
    at: datetime
    reason: str | None

    def followed(self, bookings: list[datetime], within: timedelta) -> bool:
        """Whether it was sent, and a meeting was booked soon after."""
        return self.reason is None and any(self.at <= at <= self.at + within for at in bookings)


@dataclass(slots=True)
class Deeds:
    """Everything of these kinds in one relationship. ``version`` is that of the agreement in force."""

    reminders: list[Reminder] = field(default_factory=list)
    episodes: list[Episode] = field(default_factory=list)
    checked_in: list[datetime] = field(default_factory=list)
    check_ins: list[CheckIn] = field(default_factory=list)
    contacts: list[datetime] = field(default_factory=list)
    version: int | None = None
    cadence_days: float | None = None

    def add(self, name: str, event: Event) -> None:
        """Take note of an event, if it is about one of these."""
        at = datetime.fromisoformat(event["occurred_at"])
        match name:
            case "reminder_issued" | "reminder_suppressed":
                about = datetime.fromisoformat(event["about"])
                # Of one to check in no door tells for whom it was.
                audience = "party" if event["audience"] == "confidential" else event["audience"]
                self.reminders.append(
                    Reminder(event["kind"], audience, about, event["step"], at, event.get("reason"))
                )
            case "concern_raised":
                self._raise(event)
            case "concern_cleared":
                for one in self._standing(event):
                    one.cleared_at = max(one.since, at)
            case "check_in_given":
                self.checked_in.append(at)
            case "support_contact_made":
                self.contacts.append(at)
            case "agreement_concluded" | "agreement_amended":
                self.version, self.cadence_days = event["version"], event["cadence_days"]
            case "move_revised" if event["move"] == "conclude_agreement" and event["instant"] is None:
                self.version = self.cadence_days = None

    def _raise(self, event: Event) -> None:
        since = datetime.fromisoformat(event["since"])
        standing = self._standing(event)
        for one in standing:
            one.since = since
        if not standing:
            self.episodes.append(Episode(event["code"], event["subject"], since))

    def _standing(self, event: Event) -> list[Episode]:
        named = (event["code"], event["subject"])
        return [one for one in self.episodes if one.cleared_at is None and (one.code, one.subject) == named]
