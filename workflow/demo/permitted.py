"""What a pair may say of its goals, its dialogue and its care, by all that was said before.

None of it moves a relationship from one state to another; some of it is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from workflow.demo.merging import Meetings
from workflow.demo.reports import Call

GOALS = ("goal", "goal_review", "goal_revise", "goal_achieve", "goal_drop")
KINDS = (*GOALS, "check_in", "consent", "withdraw", "help", "contact", "prepare", "feedback")
AFTER_CLOSURE = ("check_in", "withdraw", "feedback")


@dataclass(frozen=True, slots=True)
class CheckIn:
    """What one party answered: three answers, and perhaps a fourth on direction."""

    party: UUID
    at: datetime
    answers: tuple[int, ...]


class Permitted:
    """What was said so far, and whether more of it may be."""

    def __init__(self, meetings: Meetings) -> None:
        self.check_ins: list[CheckIn] = []
        self._meetings = meetings
        self._goals: dict[UUID | None, bool] = {}
        self._looked_back: set[UUID] = set()

    def call(self, call: Call, now: datetime, closed: datetime | None) -> bool:
        """Take it in; False where it is refused."""
        if closed is not None and call.kind not in AFTER_CLOSURE:
            return False
        match call.kind:
            case "goal":
                assert call.goal not in self._goals  # no story sets a goal twice
                self._goals[call.goal] = True
            case "goal_review" | "goal_revise":
                return self._goals.get(call.goal, False)
            case "goal_achieve" | "goal_drop":
                was_open = self._goals.get(call.goal, False)
                self._goals[call.goal] = False
                return was_open
            case "check_in":
                return self._check_in(call, now, closed)
            case "prepare":
                return self._meetings.knows(call.uid, call.recurrence_id)
            case "feedback":
                return self._look_back(call.person, closed)
        return True

    def rows(self) -> list[dict[str, Any]]:
        """The check-ins as they are written down."""
        return [
            {"party": str(one.party), "at": one.at.isoformat(), "answers": list(one.answers)}
            for one in self.check_ins
        ]

    def _check_in(self, call: Call, now: datetime, closed: datetime | None) -> bool:
        """Once the pair has met; after the closing once more, and no more."""
        met = any(
            meeting.status == "held"
            and meeting.ends_at is not None
            and meeting.starts_at is not None
            and meeting.ends_at <= now
            and (closed is None or meeting.starts_at < closed)
            for meeting in self._meetings.standing()
        )
        again = closed is not None and any(
            one.party == call.person and one.at >= closed for one in self.check_ins
        )
        if met and not again:
            self.check_ins.append(CheckIn(call.person, now, call.answers))
        return met and not again

    def _look_back(self, party: UUID, closed: datetime | None) -> bool:
        if closed is None or party in self._looked_back:
            return False
        self._looked_back.add(party)
        return True
