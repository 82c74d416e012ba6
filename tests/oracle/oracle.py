"""Where every relationship stands, worked out anew from the printed log alone.

It reads the lines of ``mentoring events tail --all --json`` and imports nothing of the service: names and rules are
written down here a second time, from the description of the domain, so that a fault in a fold is not shared.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.oracle.answers import CheckIn, low_times
from tests.oracle.concerns import RECOMPUTED, Standing, expected
from tests.oracle.life import Entry, Goal, Life
from tests.oracle.meetings import Limits

Event = dict[str, Any]


@dataclass(slots=True)
class Told:
    """What a whole log says. ``until`` is the last instant at which anything was recorded."""

    lives: dict[str, Life] = field(default_factory=dict)
    until: datetime | None = None
    adopted: list[tuple[datetime, Limits]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def recompute(lines: Iterable[str], answers: Mapping[str, Iterable[CheckIn]] | None = None) -> Told:
    """Read the printed log. ``faults`` lists what contradicts itself in it.

    ``answers`` is what the parties of each relationship answered, which no log prints: where they are given,
    they have to fit to it.
    """
    told = Told()
    limits = Limits()
    versions: dict[str, int] = {}
    position = 0
    for line in filter(str.strip, lines):
        entry = json.loads(line)
        event, stream = entry["event"], entry["stream"]
        name = entry["name"].removeprefix("mentoring.").removesuffix(".v1")
        recorded_at = _instant(entry["recorded_at"])
        if entry["position"] <= position:
            told.faults.append(f"position {entry['position']} comes after {position}")
        if entry["version"] != versions.get(stream, 0) + 1:
            told.faults.append(
                f"version {entry['version']} of {stream} comes after {versions.get(stream, 0)}"
            )
        if told.until is not None and recorded_at < told.until:
            told.faults.append(f"position {entry['position']} was recorded before the one before it")
        position, versions[stream], told.until = entry["position"], entry["version"], recorded_at
        if name == "policy_adopted":
            limits = Limits.of(event["document"])
            told.adopted.append((datetime.fromisoformat(event["occurred_at"]), limits))
            for life in told.lives.values():  # each is asked by it, whether that changes what is due or not
                life.limits = limits
        elif name == "relationship_opened":
            told.lives[stream] = _opened(stream, event)
            told.lives[stream].adopted = told.adopted
        elif stream in told.lives:
            life = told.lives[stream]
            life.limits = limits
            life.facts.add(name, event)
            life.care.add(name, event)
            life.deeds.add(name, event)
            if name in _TOLD:
                _TOLD[name](life, event)
            if event.get("entered") is not None:
                life.trail.append(life.state)
            if event.get("entered") not in (None, life.state):
                told.faults.append(f"{name} of {stream} enters {event['entered']}, not {life.state}")
    for life in told.lives.values():
        told.faults += _against_facts(life, told.until)
        if answers is not None:
            life.deeds.check_ins = list(answers.get(life.id, ()))
            told.faults += [f"{life.id}: {fault}" for fault in _against_answers(life, told.until)]
    return told


def _opened(stream: str, event: Event) -> Life:
    at = _instant(event["occurred_at"])
    roles = {party["person"]: party["role"] for party in event["parties"]}
    return Life(stream, at, [Entry(None, "onboarding", at)], roles, len(roles))


def _committed(life: Life, event: Event) -> None:
    life.committed.add(event["party"])
    _onboarded(life, _at(event))


def _step_taken(life: Life, event: Event) -> None:
    life.steps.add(event["step"])
    _onboarded(life, _at(event))


def _policy_asks_less(life: Life, event: Event) -> None:
    life.entries.append(Entry("complete_onboarding", "agreement", _at(event)))


def _onboarded(life: Life, at: datetime) -> None:
    """Everybody has committed itself, and each step that the programme asks for was taken."""
    complete = life.committed >= life.roles.keys() and life.steps >= life.limits.onboarding_steps
    if life.state == "onboarding" and complete:
        life.entries.append(Entry("complete_onboarding", "agreement", at))


def _concluded(life: Life, event: Event) -> None:
    life.active_since = _at(event)
    life.term_ends_at = _instant(event["term_ends_at"])
    life.entries.append(Entry("conclude_agreement", "active", life.active_since))


def _amended(life: Life, event: Event) -> None:
    life.term_ends_at = _instant(event["term_ends_at"])


def _raised(life: Life, event: Event) -> None:
    life.concerns[event["code"], event["subject"]] = _instant(event["since"])


def _cleared(life: Life, event: Event) -> None:
    life.concerns.pop((event["code"], event["subject"]), None)


def _suspected(life: Life, event: Event) -> None:
    life.suspected_since = _at(event)


def _unsuspected(life: Life, event: Event) -> None:
    life.suspected_since = None


def _stagnated(life: Life, event: Event) -> None:
    life.stagnations += 1
    life.entries.append(Entry("stagnate", "stagnation", _at(event), event["declared"]))


def _stagnation_withdrawn(life: Life, event: Event) -> None:
    """The latest stagnation never was, nor what the pair did to come back from it."""
    at = _latest(life, "stagnate")
    life.withdrawn.append(life.entries[at])
    gone = life.entries[at:]
    del life.entries[at:]
    life.stagnations -= 1
    life.reinvigorations -= sum(entry.move == "reinvigorate" for entry in gone)
    life.entries += [entry for entry in gone if entry.move == "close"]


def _reinvigorated(life: Life, event: Event) -> None:
    life.reinvigorations += 1
    life.entries.append(Entry("reinvigorate", "active", _at(event)))


def _revised(life: Life, event: Event) -> None:
    move, instant = event["move"], event["instant"]
    if instant is not None:
        life.entries[_latest(life, move)].at = _instant(instant)
        if move == "conclude_agreement":
            life.active_since = _instant(instant)
            life.term_ends_at = _instant(event["term_ends_at"])
    elif move == "stagnate":
        _stagnation_withdrawn(life, event)
    elif move == "withdraw_stagnation":
        life.entries.append(life.withdrawn.pop())
        life.stagnations += 1
    elif move == "reinvigorate":
        del life.entries[_latest(life, move)]
        life.reinvigorations -= 1
    elif move == "conclude_agreement":
        del life.entries[_latest(life, move) :]
        life.active_since = life.term_ends_at = None


def _reminded_in_confidence(life: Life, event: Event) -> None:
    """Of a reminder to check in the log does not show whom it is for; each party may have had one."""
    same = [
        one for one in life.reminders if (one[0], *one[2:]) == (event["kind"], event["about"], event["step"])
    ]
    if event["audience"] != "confidential" or event["kind"] != "check_in":
        life.faults.append(f"a {event['kind']} reminder tells whom it is for")
    if len(same) == life.people:
        life.faults.append("there are more reminders to check in than parties")
    life.reminders.append((event["kind"], f"party {len(same)}", event["about"], event["step"]))


def _reminded(life: Life, event: Event) -> None:
    if event["party"] == "confidential":
        _reminded_in_confidence(life, event)
        return
    life.reminders.append((event["kind"], event["party"], event["about"], event["step"]))
    audience = "coordinator" if event["party"] is None else life.roles.get(event["party"], "nobody")
    if event["audience"] != audience:
        life.faults.append(f"a {event['kind']} reminder for the {event['audience']} goes to the {audience}")


def _goal_set(life: Life, event: Event) -> None:
    life.goals[event["goal"]] = Goal(_at(event))


def _goal_reviewed(life: Life, event: Event) -> None:
    goal, at = life.goals[event["goal"]], _at(event)
    goal.reviews += 1
    if goal.reviewed_at is None or at >= goal.reviewed_at:
        goal.reviewed_at, goal.reached_percent = at, event["reached_percent"]


def _goal_revised(life: Life, event: Event) -> None:
    life.goals[event["goal"]].revisions += 1


def _goal_achieved(life: Life, event: Event) -> None:
    goal = life.goals[event["goal"]]
    goal.status, goal.ended_at = "achieved", _at(event)


def _goal_dropped(life: Life, event: Event) -> None:
    goal = life.goals[event["goal"]]
    goal.status, goal.ended_at = "dropped", _at(event)


def _left(life: Life, event: Event) -> None:
    life.roles.pop(event["party"], None)
    life.left[event["party"]] = _at(event)
    life.committed.discard(event["party"])
    _onboarded(life, _at(event))


def _closed(life: Life, event: Event) -> None:
    life.closed_at = _at(event)
    life.suspected_since = None
    life.entries.append(Entry("close", "closure", life.closed_at))


_TOLD: dict[str, Callable[[Life, Event], None]] = {
    "onboarding_step_completed": _step_taken,
    "commitment_confirmed": _committed,
    "onboarding_completed": _policy_asks_less,
    "agreement_concluded": _concluded,
    "agreement_amended": _amended,
    "concern_raised": _raised,
    "concern_cleared": _cleared,
    "stagnation_suspected": _suspected,
    "suspicion_cleared": _unsuspected,
    "stagnation_entered": _stagnated,
    "stagnation_withdrawn": _stagnation_withdrawn,
    "reinvigorated": _reinvigorated,
    "move_revised": _revised,
    "reminder_issued": _reminded,
    "closed": _closed,
    "goal_set": _goal_set,
    "goal_reviewed": _goal_reviewed,
    "goal_revised": _goal_revised,
    "goal_achieved": _goal_achieved,
    "goal_dropped": _goal_dropped,
    "party_left": _left,
}


def _latest(life: Life, move: str) -> int:
    return max(index for index, entry in enumerate(life.entries) if entry.move == move)


def _against_facts(life: Life, until: datetime | None) -> list[str]:
    """What the facts of an open relationship say of its concerns and do not find there; and of its reminders."""
    twice = len(life.reminders) - len(set(life.reminders))
    faults = [f"{life.id}: {fault}" for fault in life.faults]
    faults += [f"{life.id}: {twice} reminders were issued again"] if twice else []
    if life.closed_at is not None or until is None:
        return faults
    standing = Standing(
        opened_at=life.opened_at,
        begun=life.state not in ("onboarding", "agreement"),
        term_ends_at=life.term_ends_at,
        parties=set(life.roles),
        meetings=[one for one in life.meetings if one.starts_at is not None],
        reported=[one.reported_at for one in life.meetings if one.reported_at is not None],
        care=life.care,
        limits=life.limits,
    )
    found = expected(standing, until)
    told = {key: at for key, at in life.concerns.items() if key[0] in RECOMPUTED}
    # The clock may not have been asked yet of what falls due at the very last instant.
    missing = {key: at for key, at in found.items() - told.items() if at < until}
    wrong = dict(told.items() - found.items())
    return faults + (
        [f"{life.id}: the facts say {missing}, the concerns {wrong}"] if missing or wrong else []
    )


def _against_answers(life: Life, until: datetime | None) -> Iterator[str]:
    """What the parties answered has to be what they are told to have, and low where the dialogue is told to be."""
    given = sorted(one.at for one in life.deeds.check_ins)
    if given != sorted(life.deeds.checked_in):
        yield f"check-ins are told of {sorted(life.deeds.checked_in)}, and were given at {given}"
    begin = life.opened_at + life.limits.too_early
    found = low_times(life.deeds.check_ins, begin, life.closed_at, life.limits)
    told = [(one.since, one.cleared_at) for one in life.deeds.episodes if one.code == "low_dialogue"]
    if told != found and until is not None and until >= begin:
        yield f"the answers were low in {found}, the concern stood in {told}"


def _at(event: Event) -> datetime:
    return _instant(event["occurred_at"])


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
