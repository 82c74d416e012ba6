"""What of the events goes out: what was decided on, in a form that is kept, and nothing confidential."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from tests.json_schema import check, unread
from tests.store.samples import INSTANT, STREAM, TEXT, sample
from workflow.aggregates import events as e
from workflow.aggregates.events import EVENTS, Event
from workflow.aggregates.events.event import INSIDE, Value
from workflow.aggregates.events.outward import goes_out, outward, public_members, undecided
from workflow.aggregates.sealed import Sealed
from workflow.consumers.delivery.messages import Message, message_of
from workflow.consumers.delivery.schemas import OUTGOING, schema_of
from workflow.errors import Stopped
from workflow.store.recorded import Metadata, Recorded

GOLDEN = Path(__file__).parents[1] / "golden" / "messages"
EVENT_ID = uuid5(STREAM, "event")
NAMES = [kind.name for kind in OUTGOING]


def recorded(event: Event) -> Recorded:
    metadata = Metadata(event_id=EVENT_ID, recorded_at=INSTANT, correlation_id="told-to-nobody")
    return Recorded(7, STREAM, 1, event, metadata)


def message(event: Event) -> dict[str, Any]:
    found = message_of(recorded(event))
    assert found is not None
    told: dict[str, Any] = json.loads(found.body)
    return told


def values(kind: type[Value]) -> Iterator[type[Value]]:
    """A class and all of its parts."""
    yield kind
    for child in kind.__subclasses__():
        yield from values(child)


# --- every event, and every member


@pytest.mark.parametrize("name", EVENTS)
def test_of_every_event_it_is_decided_whether_it_goes_out_and_with_which_members(name: str) -> None:
    kind = EVENTS[name]
    assert "public" in vars(kind), "say `public = INSIDE`, or which of its own members go out"
    if goes_out(kind):
        assert undecided(kind) == set(), "each member is either `public` or `inside`"
        assert not kind.confidential & set(public_members(kind))


@pytest.mark.parametrize("kind", [one for one in values(Value) if not issubclass(one, Event)])
def test_of_every_part_of_an_event_too(kind: type[Value]) -> None:
    assert kind is Value or undecided(kind) == set()


def test_a_new_member_stays_inside_and_is_noticed() -> None:
    class Grown(e.GoalSet):
        public = frozenset({"goal"})
        mood: str = "low"

    assert undecided(Grown) == {"mood"}
    told = outward(Grown(occurred_at=INSTANT, provenance=e.Provenance.OBSERVED, goal=STREAM, text=sealed()))
    assert told.keys() == {"occurred_at", "provenance", "policy", "goal"}


def test_a_class_made_of_a_public_one_has_to_decide_for_itself() -> None:
    assert goes_out(e.GoalSet)
    assert not goes_out(type("New", (e.GoalSet,), {}))


def sealed() -> Sealed:
    return Sealed(TEXT, author=STREAM)


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("full", [True, False], ids=["full", "bare"])
def test_a_message_holds_nothing_sealed_nothing_hidden_and_no_agenda(name: str, full: bool) -> None:
    kind = EVENTS[name]
    event = sample(kind, full=full)
    found = message_of(recorded(event))
    if not goes_out(kind):
        assert found is None
        return
    assert found is not None
    for never in (
        TEXT,
        "sealed",
        "dues",
        "told-to-nobody",
        str(uuid5(UUID("5a3d0a52-6f0c-5c3b-8d4c-1f2c1b0e9a77"), "by")),
    ):
        assert never.encode() not in found.body
    check(schema_of(kind), json.loads(found.body))


@pytest.mark.parametrize(
    "kind",
    [e.CheckInGiven, e.HelpAsked, e.IdentityAdded, e.AgendaRevised, e.ClosingFeedbackGiven, e.PolicyAdopted],
)
def test_what_is_confidential_as_a_whole_does_not_go_out(kind: type[Event]) -> None:
    assert vars(kind)["public"] is INSIDE
    assert message_of(recorded(sample(kind, full=True))) is None


# --- its form


@pytest.mark.parametrize("name", NAMES)
def test_its_schema_is_the_one_that_is_kept(name: str) -> None:
    file, now = GOLDEN / f"{name}.json", schema_of(EVENTS[name])
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    # Receivers need not mind that more is told.
    assert not [fault for fault in unread(kept, now) if kept and "has to be told" not in fault]
    if os.environ.get("GOLDEN") == "write" and kept != now:
        GOLDEN.mkdir(exist_ok=True)
        file.write_text(json.dumps(now, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        kept = now
    assert kept == now, "it has grown: write it with GOLDEN=write"


def test_no_message_that_was_ever_told_is_told_no_more() -> None:
    assert {file.stem for file in GOLDEN.glob("*.json")} == set(NAMES)


def test_an_event_is_told_as_a_cloudevent_about_its_relationship() -> None:
    found = message_of(recorded(sample(e.GoalReviewed, full=True)))
    assert found is not None
    assert (found.stream, found.subject) == ("MENTORING_EVENTS", f"mentoring.events.{STREAM}.goal_reviewed")
    assert json.loads(found.body) == {
        "specversion": "1.0",
        "id": str(EVENT_ID),
        "source": "urn:mentoring:workflow",
        "type": "mentoring.goal_reviewed.v1",
        "subject": str(STREAM),
        "time": "2026-03-02T14:30:00.250000Z",
        "datacontenttype": "application/json",
        "data": {
            "provenance": "observed",
            "policy": 3,
            "goal": str(uuid5(UUID("5a3d0a52-6f0c-5c3b-8d4c-1f2c1b0e9a77"), "goal")),
            "reached_percent": 3,
        },
    }


def test_the_parties_are_told_by_their_opaque_ids_alone() -> None:
    (party,) = message(sample(e.RelationshipOpened, full=True))["data"]["parties"]
    assert party.keys() == {"person", "role"}


# --- reminders


def reminder(kind: e.ReminderKind, **more: Any) -> e.ReminderIssued:
    told: dict[str, Any] = {
        "kind": kind,
        "party": STREAM,
        "audience": e.Role.MENTEE,
        "about": INSTANT + timedelta(days=1),
        "guidance": f"{kind}.mentee.active",
    }
    return e.ReminderIssued(occurred_at=INSTANT, provenance=e.Provenance.INFERRED, **(told | more))


def out(event: Event) -> Message:
    found = message_of(recorded(event))
    assert found is not None
    return found


def test_a_reminder_goes_to_its_audience_with_reason_guidance_and_deadline() -> None:
    event = reminder(e.ReminderKind.MEETING)
    assert (out(event).stream, out(event).subject) == ("MENTORING_REMINDERS", "mentoring.reminders.mentee")
    data = message(event)["data"]
    assert (data["reason"], data["audience"], data["party"]) == ("meeting", "mentee", str(STREAM))
    assert data["deadline"] == data["about"] == "2026-03-03T14:30:00.250000Z"
    assert data["guidance"]["name"] == "meeting.mentee.active"
    assert all(data["guidance"]["text"][language] for language in ("en", "fi"))


def test_what_is_about_something_past_has_no_deadline() -> None:
    data = message(reminder(e.ReminderKind.SILENCE, about=INSTANT - timedelta(days=30)))["data"]
    assert data["deadline"] is None


def test_a_coordinators_reminder_names_no_party() -> None:
    event = reminder(e.ReminderKind.CONTACT, audience=e.Role.COORDINATOR, party=None)
    assert out(event).subject == "mentoring.reminders.coordinator"
    assert message(event)["data"]["party"] is None


@pytest.mark.parametrize("role", [e.Role.MENTOR, e.Role.MENTEE])
def test_a_reminder_to_check_in_does_not_tell_for_whom_it_is(role: e.Role) -> None:
    event = reminder(e.ReminderKind.CHECK_IN, audience=role, guidance=f"check_in.{role}.active")
    assert out(event).subject == "mentoring.reminders.party"
    for told in (role, str(STREAM)):
        assert told not in json.dumps(message(event)["data"])
    data = message(event)["data"]
    assert (data["audience"], data["party"], data["guidance"]) == ("party", None, None)


# --- what cannot be told


def test_a_fact_that_cannot_be_told_stops_with_its_position() -> None:
    event = sample(e.MeasureCompleted, full=True).model_copy(update={"measure": sealed()})
    with pytest.raises(Stopped, match="event 7 of the log cannot be told") as stopped:
        message_of(recorded(event))
    assert TEXT not in stopped.value.detail


@pytest.mark.parametrize("kind", [e.ConcernRaised, e.ConcernCleared])
def test_what_one_of_two_confided_is_told_by_no_concern(
    kind: type[e.ConcernRaised | e.ConcernCleared],
) -> None:
    for code in e.ConcernCode:
        found = message_of(recorded(sample(kind, full=True).model_copy(update={"code": code})))
        assert (found is None) is (code in {"help_asked", "low_dialogue"}), code
