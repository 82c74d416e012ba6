"""By what others know people: who a message names, as far as anybody has told the service by then.

Part of the demonstration's own model.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from workflow.demo.cast import Pair
from workflow.demo.envelopes import data
from workflow.demo.reports import Call, Report


class Known:
    """Every identity that means somebody now."""

    def __init__(self) -> None:
        self._whose: dict[str, UUID] = {}

    def open(self, pair: Pair) -> None:
        """The people of a pair are told of with it."""
        for person in pair.people:
            self._whose |= dict.fromkeys(person.identities, person.id)

    def call(self, call: Call) -> None:
        """One identity more or fewer, or none any more; what is refused is not asked for here."""
        if call.kind == "name" and call.whose is not None:
            self._whose[call.identity] = call.whose
        elif call.kind == "unname":
            self._whose.pop(call.identity, None)
        elif call.kind == "destroy" and call.identities:
            self._whose = {known: person for known, person in self._whose.items() if person != call.whose}

    def parties(self, pair: Pair, report: Report) -> set[UUID] | None:
        """Those named as who is to meet; None where one of them is nobody."""
        return self._people(data(pair, report)["parties"])

    def knows(self, pair: Pair, report: Report) -> bool:
        """Whether everybody is known who is said to have come, to have missed it or to have called it off."""
        said = data(pair, report)
        named = [*said.get("attended", ()), *said.get("missed_by", ())]
        return self._people([*named, said["cancelled_by"]] if "cancelled_by" in said else named) is not None

    def _people(self, identities: Iterable[str]) -> set[UUID] | None:
        found = [self._whose.get(identity) for identity in identities]
        people = {person for person in found if person is not None}
        return people if None not in found else None
