"""What the service says came of a story, read by its own door, and how that differs from the truth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

import httpx

from workflow.demo.portal import OPERATOR

DISPOSITIONS = ("applied", "duplicate", "stale", "waiting", "parked", "dropped")
STATES = ("onboarding", "agreement", "active", "stagnation", "closure")
PAGE = 1000
Trail = list[tuple[str, str]]
"""The states that a relationship entered, and when, by what is known of that now."""

LEFT = {"conclude_agreement": "agreement", "reinvigorate": "stagnation"}
"""The state that each move leaves which late facts may shift: both enter active."""


@dataclass(slots=True)
class Findings:
    """Everything that the service answered. ``head`` is how far the log was read."""

    intake: dict[str, Any]
    verified: dict[str, Any]
    rows: list[dict[str, Any]]
    receipts: dict[int, str]
    meetings: dict[tuple[str, str], tuple[str, str, str]]
    events: Counter[str] = field(default_factory=Counter)
    reminders: Counter[str] = field(default_factory=Counter)
    first_goals: dict[str, str] = field(default_factory=dict)
    trails: dict[str, Trail] = field(default_factory=dict)
    today: dict[str, Any] = field(default_factory=dict)
    head: int = 0

    def read(self, recorded: dict[str, Any]) -> None:
        """Take in what was recorded next."""
        name, event, stream = recorded["name"], recorded["event"], recorded["stream"]
        self.head = recorded["position"]
        self.events[name] += 1
        if name == "mentoring.reminder_issued.v1":
            self.reminders[event["kind"]] += 1
        if name == "mentoring.goal_set.v1":
            self.first_goals.setdefault(stream, instant(event["occurred_at"]))
        entered = step(event)
        if entered is not None:
            self.trails.setdefault(stream, []).append(entered)
        elif name == "mentoring.move_revised.v1" and event["instant"] is not None:
            shift(self.trails[stream], event["move"], instant(event["instant"]))

    def summary(self) -> dict[str, Any]:
        """The figures of the demonstration, but for the seconds that it took."""
        states = Counter(row["state"] for row in self.rows)
        concerns = Counter(concern["code"] for row in self.rows for concern in row["concerns"])
        return {
            "received": self.intake["received"],
            **{disposition: self.intake[disposition] for disposition in DISPOSITIONS},
            "events": self.events.total(),
            "relationships": {state: states[state] for state in STATES},
            "ever_stagnated": sum(row["stagnations"] > 0 for row in self.rows),
            "reinvigorated": sum(row["reinvigorations"] > 0 for row in self.rows),
            "withdrawn": sum(row["stagnations_withdrawn"] > 0 for row in self.rows),
            "closed": states["closure"],
            "goals_by_second_meeting": dict(zip(("set", "of"), self.goals_by_second_meeting(), strict=True)),
            "check_ins": self.events["mentoring.check_in_given.v1"],
            "support_contacts": self.events["mentoring.support_contact_made.v1"],
            "reminders": dict(sorted(self.reminders.items())),
            "concerns": dict(sorted(concerns.items())),
            "verify": {key: self.verified[key] for key in ("equal", "rows", "hash")},
        }

    def goals_by_second_meeting(self) -> tuple[int, int]:
        """How many pairs had a goal by the end of their second meeting, of how many that came so far.

        A meeting that begins at the closing or after it counts nowhere.
        """
        closed = {row["id"]: instant(row["closed_at"]) for row in self.rows}
        held: dict[str, list[str]] = defaultdict(list)
        for (relationship, _), (outcome, starts, ends) in self.meetings.items():
            if outcome == "held" and not "" < closed[relationship] <= starts:
                held[relationship].append(ends)
        seconds = {relationship: sorted(ends)[1] for relationship, ends in held.items() if len(ends) > 1}
        early = sum(
            "" < self.first_goals.get(relationship, "") <= end for relationship, end in seconds.items()
        )
        return early, len(seconds)


def find(address: str) -> Findings:
    """Ask the service for everything."""
    with httpx.Client(base_url=address, timeout=120, trust_env=False) as client:
        rows = _rows(client)
        findings = Findings(
            intake=_get(client, "/v1/intake"),
            verified=client.post("/v1/verify", headers=OPERATOR).raise_for_status().json(),
            rows=rows,
            receipts=_receipts(client),
            today=_get(client, "/v1/today", limit=PAGE),
            meetings={
                (row["id"], meeting["meeting"]): _meeting(meeting)
                for row in rows
                for meeting in _get(client, f"/v1/relationships/{row['id']}/meetings")["meetings"]
            },
        )
        _read_log(client, findings)
    return findings


def differences(found: Findings, truth: dict[str, Any]) -> list[str]:
    """Where the service and the truth part, row by row; nothing where all is as it must be."""
    wanted = {row["sequence"]: row["disposition"] for row in truth["messages"]}
    meetings = {(row["relationship"], row["meeting"]): _meeting(row) for row in truth["meetings"]}
    states = {
        relationship: [(step["state"], instant(step["at"])) for step in steps]
        for relationship, steps in truth["states"].items()
    }
    received = found.intake["received"]
    parted = [] if received == len(wanted) else [f"{received} messages received, of {len(wanted)} stored"]
    parted += _parted("message", wanted, found.receipts)
    parted += _parted("meeting", meetings, found.meetings)
    parted += _parted("states", states, found.trails)
    counted = Counter(found.receipts.values())
    parted += [
        f"{found.intake[name]} messages counted as {name}, where {counted[name]} have such a receipt"
        for name in DISPOSITIONS
        if found.intake[name] != counted[name]
    ]
    if not found.verified["equal"]:
        parted += ["the rows are not what the events say", *found.verified["differences"]]
    return parted


def _parted(what: str, wanted: dict[Any, Any], found: dict[Any, Any]) -> list[str]:
    return [
        f"{what} {key}: found {found.get(key, 'nothing')}, expected {wanted.get(key, 'nothing')}"
        for key in sorted(wanted.keys() | found.keys())
        if wanted.get(key) != found.get(key)
    ]


def _get(client: httpx.Client, path: str, **query: Any) -> Any:
    given = {key: value for key, value in query.items() if value is not None}
    return client.get(path, params=given).raise_for_status().json()


def _rows(client: httpx.Client) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    beyond = None
    while True:
        page = _get(client, "/v1/relationships", limit=PAGE, beyond=beyond)
        rows += page["relationships"]
        beyond = page["next"]
        if beyond is None:
            return rows


def _receipts(client: httpx.Client) -> dict[int, str]:
    found: dict[int, str] = {}
    while True:
        page = _get(client, "/v1/intake/receipts", beyond=max(found, default=0), limit=PAGE)["receipts"]
        found |= {one["sequence"]: one["disposition"] for one in page}
        if len(page) < PAGE:
            return found


def log(client: httpx.Client, beyond: int) -> Iterator[dict[str, Any]]:
    """What was recorded, in order, from the position behind ``beyond`` on."""
    while True:
        page = _get(client, "/v1/events", beyond=beyond, limit=PAGE)
        yield from page["events"]
        if not page["events"]:
            return
        beyond = page["position"]


def _read_log(client: httpx.Client, findings: Findings) -> None:
    """The whole log, for what only the log can tell: reminders, and states with the order they came in."""
    for recorded in log(client, 0):
        findings.read(recorded)


def step(event: dict[str, Any]) -> tuple[str, str] | None:
    """The state that an event enters, and when; None where the relationship stays in its state."""
    entered = event.get("entered")
    return None if entered is None else (entered, instant(event["occurred_at"]))


def shift(trail: Trail, move: str, at: str) -> None:
    """The move was made at another instant, whatever was entered since."""
    states = [state for state, _ in trail]
    index = max(number for number, pair in enumerate(pairwise(states), 1) if pair == (LEFT[move], "active"))
    trail[index] = ("active", at)


def _meeting(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["outcome"], instant(row["starts_at"]), instant(row["ends_at"])


def instant(text: str | None) -> str:
    """One way of writing an instant, so that two can be compared."""
    return "" if text is None else str(datetime.fromisoformat(text))
