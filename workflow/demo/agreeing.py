"""How a pair comes to an agreement: who is of it, what was drafted and signed, and since when it stands.

Part of the demonstration's own model. What the programme asks for may change on the way: the ``form``, and whether
it ``introduces`` a pair first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workflow.demo.cast import Person
from workflow.demo.reports import AGREED, Call, topic

KINDS = ("step", "confirm", "draft", "sign", "reclassify", "leave")
DEFAULT_CADENCE = 30
SIGNED, ORAL, NONE = "signed", "oral", "none"
FEWEST_FIRST = ("pair_only", "programme", "shareable")


@dataclass(frozen=True, slots=True)
class Version:
    """What was written down. Number 0 is what holds where nobody has written anything."""

    number: int = 0
    cadence: int = DEFAULT_CADENCE


class Agreeing:
    """One pair's agreement. ``begun`` is when all had committed themselves, ``since`` when it came to stand."""

    def __init__(self, people: tuple[Person, ...]) -> None:
        self.form = SIGNED
        self.introduces = True
        self.begun: datetime | None = None
        self.since: datetime | None = None
        self.by_meeting = False
        self._roles = {person.id: person.role for person in people}
        self.left: dict[UUID, datetime] = {}
        self._committed: set[UUID] = set()
        self._introduced = False
        self._draft: Version | None = None
        self._drafted: dict[UUID, str] = {}
        self._signed: dict[UUID, datetime] = {}
        self._in_force = Version()
        self._topics: dict[UUID, str] = {}

    @property
    def present(self) -> set[UUID]:
        """Who is a party now."""
        return self._roles.keys() - self.left.keys()

    @property
    def cadence(self) -> int:
        """Days between meetings, as they are agreed now."""
        return DEFAULT_CADENCE if self.since is None else self._in_force.cadence

    def call(self, call: Call, now: datetime) -> bool:
        """Take in what somebody does; False where it is refused."""
        match call.kind:
            case "step":
                if not self.introduces:
                    return False
                self._introduced = True
            case "confirm":
                self._committed.add(call.person)
            case "draft":
                self._write(call)
            case "sign":
                if self._draft is None or call.version != self._draft.number:
                    return False
                self._signed.setdefault(call.person, now)
            case "reclassify":
                return self._reclassify(call)
            case "leave":
                return self._leave(call.whose, now)
        return True

    def is_ready(self) -> bool:
        """Whether everybody has committed itself, after an introduction where one is asked for."""
        introduced = self._introduced or not self.introduces
        return introduced and self.present <= self._committed

    def concludes(self, held: list[datetime]) -> datetime | None:
        """When it came to stand, by all that is known: by signatures, or by the first meeting held."""
        return self.first(held) if self.form == NONE else self._all_signed()

    def first(self, held: list[datetime]) -> datetime | None:
        """The end of the first meeting, but not before all had committed themselves."""
        return None if not held or self.begun is None else max(held[0], self.begun)

    def stand(self, since: datetime) -> None:
        """It stands: what is written down by now holds."""
        self.since, self.by_meeting = since, self.form == NONE
        draft = self._draft or Version()
        self._in_force = Version(0, draft.cadence) if self.by_meeting else draft

    def fall(self) -> None:
        """The meeting that it rested on was none."""
        self.since = None

    def amend(self) -> None:
        """A later version holds once all have signed it."""
        draft = self._draft
        if self.since is None or draft is None or draft.number <= self._in_force.number:
            return
        if self._all_signed() is not None:
            self._in_force, self._topics = draft, dict(self._drafted)

    def _write(self, call: Call) -> None:
        self._draft = Version(1 if self._draft is None else self._draft.number + 1, call.cadence_days)
        self._signed = {}
        self._drafted = {topic(call.relationship, number): shared for number, shared in enumerate(AGREED)}
        if self.since is None:
            self._topics = dict(self._drafted)

    def _reclassify(self, call: Call) -> bool:
        """Fewer may know at once; that more may is for all to sign."""
        now = self._topics.get(call.topic) if call.topic is not None else None
        if now is None or FEWEST_FIRST.index(call.visibility) > FEWEST_FIRST.index(now):
            return False
        assert call.topic is not None  # else there is none to be found
        self._topics[call.topic] = call.visibility
        return True

    def _leave(self, person: UUID | None, now: datetime) -> bool:
        """One of two may."""
        if person is None or person not in self.present:
            return False
        if not any(self._roles[one] == self._roles[person] for one in self.present - {person}):
            return False
        self.left[person] = now
        return True

    def _all_signed(self) -> datetime | None:
        """The last signature, or when somebody left without one."""
        if self._draft is None or not self.present <= self._signed.keys():
            return None
        instants = [self._signed[person] for person in self.present]
        instants += [at for person, at in self.left.items() if person not in self._signed]
        return max(instants if self.begun is None else [*instants, self.begun])
