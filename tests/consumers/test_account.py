"""What becomes of a message: applied, duplicate, stale, waiting or parked, and each accounted for once."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest

from tests.consumers.world import ADA, BOB, START, UPSTREAM, World, body, event, held, scheduled
from workflow.aggregates.events import MeetingScheduled
from workflow.consumers.meetings import account, waiting
from workflow.consumers.meetings.account import Hole, receive, take_in
from workflow.consumers.meetings.apply import Applied, apply
from workflow.consumers.meetings.envelope import Message, Raw, Unreadable, read
from workflow.consumers.meetings.parked import drop, retry
from workflow.consumers.meetings.routing import Parks, Resolver, Waits
from workflow.errors import NotFound
from workflow.store.receipts import Disposition
from workflow.store.transaction import Transaction


def test_applied(world: World) -> None:
    pair = world.open(ADA, BOB)
    assert world.take(scheduled("a"), held("b")) == [Disposition.APPLIED, Disposition.APPLIED]
    assert world.names(pair) == ["meeting_scheduled", "meeting_held"]


def test_the_event_names_its_message(world: World) -> None:
    pair = world.open(ADA, BOB)
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    world.take(scheduled("a") | {"traceparent": trace}, held("b") | {"traceparent": "00-nonsense"})
    first, second = (r.metadata for r in world.store.stream(pair) if ".meeting_" in r.event.name)
    assert (first.source, first.causation_id, first.traceparent) == ("/calendar", "a", trace)
    assert first.correlation_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert second.traceparent is None


def test_duplicate_within_a_batch_and_across(world: World) -> None:
    world.open(ADA, BOB)
    assert world.take(scheduled("a"), scheduled("a")) == [Disposition.APPLIED, Disposition.DUPLICATE]
    assert world.take(scheduled("a")) == [Disposition.DUPLICATE]
    assert world.counts() == {"applied": 1, "duplicate": 2}


def test_the_same_said_otherwise_is_a_duplicate(world: World) -> None:
    world.open(ADA, BOB)
    message = scheduled("a", title="free text")
    other = scheduled("a", description="more of it", parties=["EMAIL:Ada@Example.org", BOB])
    other["time"] = "2026-01-05T11:00:00+02:00"
    assert world.take(message, other) == [Disposition.APPLIED, Disposition.DUPLICATE]
    assert world.count("members_dropped") == 1


def test_conflict(world: World) -> None:
    world.open(ADA, BOB)
    assert world.take(scheduled("a"), scheduled("a", day=11)) == [Disposition.APPLIED, Disposition.PARKED]
    assert world.reasons() == ["conflict"]
    assert world.take(scheduled("a")) == [Disposition.DUPLICATE]


def test_one_that_cannot_be_read_claims_no_id(world: World) -> None:
    """The publisher mends it and sends it again under the same id."""
    pair = world.open(ADA, BOB)
    assert world.take(scheduled("a", uid="")) == [Disposition.PARKED]
    assert world.take(scheduled("a"), scheduled("a"), scheduled("a", uid="")) == [
        Disposition.APPLIED,
        Disposition.DUPLICATE,
        Disposition.PARKED,
    ]
    assert world.names(pair) == ["meeting_scheduled"]
    assert world.counts() == {"applied": 1, "duplicate": 1, "parked": 2}
    assert world.reasons() == ["member_invalid:data.uid"] * 2


def test_one_that_can_be_read_at_last_counts_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later version understands what this one could not read; it was sent twice meanwhile."""
    pair = world.open(ADA, BOB)
    unread = read(Raw({}, b"{}"))
    assert isinstance(unread, Unreadable)
    with monkeypatch.context() as patch:
        patch.setattr(account, "read", lambda raw: unread._replace(raw=raw))
        world.take(scheduled("a"), scheduled("a"), scheduled("a", day=12))
    retried = [world.do(lambda tx, n=n: retry(tx, world.resolver, n)) for n in (1, 2, 3)]
    assert [(one.disposition.value, one.reason) for one in retried] == [
        ("applied", None),
        ("duplicate", None),
        ("parked", "conflict"),
    ]
    assert world.take(scheduled("a")) == [Disposition.DUPLICATE]
    assert world.names(pair) == ["meeting_scheduled"]
    assert world.counts() == {"applied": 1, "duplicate": 2, "parked": 1}


def test_the_same_id_of_another_source_is_another_message(world: World) -> None:
    world.open(ADA, BOB)
    assert world.take(scheduled("a"), scheduled("a", source="/portal", uid="m2")) == [
        Disposition.APPLIED,
        Disposition.APPLIED,
    ]


def test_stale(world: World) -> None:
    world.open(ADA, BOB)
    assert world.take(scheduled("a", sequence=2), scheduled("b", sequence=1)) == [
        Disposition.APPLIED,
        Disposition.STALE,
    ]


def test_waits_for_identities_and_is_drained_in_order_of_arrival(world: World) -> None:
    taken = world.take(scheduled("a"), held("b"), scheduled("c", uid="m2", parties=[ADA, "email:eve@x.org"]))
    assert taken == [Disposition.WAITING] * 3
    pair = world.open(ADA, BOB)
    assert [world.disposition(n) for n in (1, 2, 3)] == [
        Disposition.APPLIED,
        Disposition.APPLIED,
        Disposition.WAITING,
    ]
    assert world.names(pair) == ["meeting_scheduled", "meeting_held"]


@pytest.mark.parametrize("opened_first", [False, True])
def test_a_meeting_from_before_the_opening_is_nobodys_and_says_so(world: World, opened_first: bool) -> None:
    if opened_first:
        world.open(ADA, BOB)
    assert world.take(held("a", day=-3)) == [Disposition.WAITING]
    if not opened_first:
        assert world.reason(1) == "not_opened"
        world.open(ADA, BOB)
    assert (world.disposition(1), world.reason(1)) == (Disposition.WAITING, "before_opening")
    with world.store.ledger() as ledger:
        assert [one.reason for one in ledger.waiting.outlines()] == ["before_opening"]
    world.clock.advance(START + timedelta(days=30))
    assert world.expire() == 1
    assert (world.reasons(), world.reason(1)) == (["before_opening"], "before_opening")


def test_a_meeting_from_before_the_opening_counts_once_its_entry_is_known(world: World) -> None:
    pair = world.open(ADA, BOB)
    world.take(held("a", day=-3), scheduled("b", relationship_id=str(pair)))
    assert world.counts() == {"applied": 2}


def test_waits_for_a_relationship_by_its_id(world: World) -> None:
    pair = uuid4()
    assert world.take(scheduled("a", relationship_id=str(pair)), held("b", relationship_id=str(pair))) == [
        Disposition.WAITING,
        Disposition.WAITING,
    ]
    world.open(ADA, BOB, id=pair)
    assert world.counts() == {"applied": 2}
    assert world.names(pair) == ["meeting_scheduled", "meeting_held"]


def test_a_cancellation_waits_for_the_first_binding_of_its_uid(world: World) -> None:
    pair = world.open(ADA, BOB)
    assert world.take(event("cancelled", "a", time=0.5)) == [Disposition.WAITING]
    assert world.take(event("missed", "b", time=1, missed_by=[ADA])) == [Disposition.WAITING]
    assert world.take(scheduled("c")) == [Disposition.APPLIED]
    assert world.counts() == {"applied": 3}
    assert world.names(pair) == ["meeting_scheduled", "meeting_cancelled", "meeting_missed"]


def test_one_identity_is_enough_where_the_entry_tells_whose_it_is(world: World) -> None:
    """Booking services name nobody but whoever did not come."""
    pair = world.open(ADA, BOB)
    world.open(ADA, "email:another@example.org")
    missed = event("missed", "b", parties=[BOB], missed_by=[BOB])
    assert world.take(missed) == [Disposition.WAITING]
    assert world.take(scheduled("a")) == [Disposition.APPLIED]
    assert world.names(pair)[:2] == ["meeting_scheduled", "meeting_missed"]
    withdrawn = event("corrected", "c", parties=[BOB], outcome="none")
    assert world.take(withdrawn) == [Disposition.APPLIED]
    assert world.take(held("d", parties=[BOB])) == [Disposition.PARKED]


def test_a_binding_of_a_previous_uid_drains_too(world: World) -> None:
    world.open(ADA, BOB)
    assert world.take(event("cancelled", "a", uid="old")) == [Disposition.WAITING]
    moved = event("rescheduled", "b", uid="new", previous_uid="old", **_span(12))
    assert world.take(moved) == [Disposition.APPLIED]
    assert world.counts()["waiting"] == 0


def test_a_drained_message_may_be_parked(world: World) -> None:
    world.open(ADA, BOB)
    world.take(event("cancelled", "a", cancelled_by="email:stranger@example.org"), scheduled("b"))
    assert world.counts() == {"parked": 1, "applied": 1}
    assert world.reasons() == ["unknown_identity"]


def test_ambiguous_waits_until_a_message_tells_whose_the_entry_is(world: World) -> None:
    world.open(ADA, BOB)
    other = world.also(ADA, BOB)
    assert world.take(scheduled("a")) == [Disposition.WAITING]
    assert world.reason(1) == "ambiguous"
    assert world.take(held("b", relationship_id=str(other))) == [Disposition.APPLIED]
    assert world.counts() == {"applied": 2}
    assert world.names(other) == ["meeting_held", "meeting_scheduled"]


def test_it_comes_to_the_same_where_that_was_told_before(world: World) -> None:
    world.open(ADA, BOB)
    other = world.also(ADA, BOB)
    assert world.take(held("b", relationship_id=str(other)), scheduled("a")) == [Disposition.APPLIED] * 2
    assert world.names(other) == ["meeting_held", "meeting_scheduled"]


def test_ambiguous_for_thirty_days_is_parked_so(world: World) -> None:
    world.open(ADA, BOB)
    world.also(ADA, BOB)
    world.take(scheduled("a"))
    world.clock.advance(START + timedelta(days=30))
    assert world.expire() == 1
    assert (world.reasons(), world.reason(1)) == (["ambiguous"], "ambiguous")


def test_where_several_were_meant_closing_all_but_one_decides(world: World) -> None:
    pair = world.open(ADA, BOB)
    other = world.also(ADA, BOB)
    world.take(scheduled("a"))
    world.close_one(other)
    assert world.counts() == {"applied": 1}
    assert world.names(pair) == ["meeting_scheduled"]


def test_a_bound_uid_decides_between_relationships(world: World) -> None:
    pair = world.open(ADA, BOB)
    world.take(scheduled("a"))
    world.also(ADA, BOB)
    assert world.take(held("b")) == [Disposition.APPLIED]
    assert world.names(pair) == ["meeting_scheduled", "meeting_held"]


@pytest.mark.parametrize("moved_first", [False, True])
def test_a_previous_uid_of_another_relationship_joins_nothing_there(world: World, moved_first: bool) -> None:
    one, other = world.open(ADA, BOB), world.open("email:eve@x.org", "email:dan@x.org")
    booked = scheduled("a", uid="old", relationship_id=str(one))
    moved = event("rescheduled", "b", uid="new", previous_uid="old", relationship_id=str(other), **_span(12))
    said = [moved, booked] if moved_first else [booked, moved]
    assert world.take(*said) == [Disposition.APPLIED] * 2
    assert world.names(one) == ["meeting_scheduled"]
    assert world.names(other) == ["meeting_rescheduled"]


def test_unknown_identity(world: World) -> None:
    world.open(ADA, BOB)
    assert world.take(held("a", attended=[ADA, "email:eve@x.org"])) == [Disposition.PARKED]
    assert world.reasons() == ["unknown_identity"]


def test_after_thirty_days_of_waiting_parked(world: World) -> None:
    world.take(scheduled("a"))
    world.clock.advance(START + timedelta(days=30) - timedelta(seconds=1))
    assert world.expire() == 0
    world.clock.advance(START + timedelta(days=30))
    assert world.expire() == 1
    assert world.reasons() == ["never_opened"]
    assert world.counts() == {"parked": 1}


def test_a_receipt_tells_what_a_message_was_and_whose_it_is_once_that_is_known(world: World) -> None:
    later = uuid4()
    told = [scheduled("1"), scheduled("2", uid="m2", relationship_id=str(later), parties=None)]
    del told[1]["data"]["parties"]
    world.take(*told, {"type": "private words"}, b"nothing", {"type": "mentoring.meeting.held.v1"})

    def receipts() -> list[tuple[str | None, UUID | None]]:
        with world.store.ledger() as ledger:
            return [(one.kind, one.relationship) for one in ledger.receipts.page(UPSTREAM, 0, 10)]

    assert receipts() == [
        ("scheduled.v1", None),
        ("scheduled.v1", later),
        (None, None),
        (None, None),
        ("held.v1", None),
    ]
    pair = world.open(ADA, BOB)
    assert world.disposition(1) is Disposition.APPLIED
    assert receipts()[0] == ("scheduled.v1", pair)


def test_a_receipt_tells_why_a_message_waits_or_is_parked(world: World) -> None:
    world.take(scheduled("a"), b"nonsense", scheduled("c", uid=""), scheduled("d", uid="m2"))
    assert [world.reason(n) for n in (1, 2, 3, 4)] == [
        "not_opened",
        "not_json",
        "member_invalid:data.uid",
        "not_opened",
    ]
    world.open(ADA, BOB)
    assert world.reason(1) is None
    world.do(lambda tx: drop(tx, 1))
    assert world.reason(2) is None


def test_what_is_laid_aside_says_who_sent_it_and_what_it_is(world: World) -> None:
    world.take(scheduled("a"), scheduled("b", uid=""), b"nonsense", {"source": "/portal", "type": 7})
    kind = "mentoring.meeting.scheduled.v1"
    with world.store.ledger() as ledger:
        assert [(one.source, one.type) for one in ledger.waiting.outlines()] == [("/calendar", kind)]
        parked = [(one.source, one.type) for one in ledger.parked.outlines()]
        assert parked == [("/calendar", kind), (None, None), ("/portal", None)]
    world.clock.advance(START + timedelta(days=30))
    world.expire()
    with world.store.ledger() as ledger:
        assert (ledger.parked.outlines()[-1].source, ledger.parked.outlines()[-1].type) == ("/calendar", kind)


def test_a_parked_message_is_retried(world: World) -> None:
    pair = world.open(ADA)
    world.take(held("a", relationship_id=str(pair), attended=[ADA, BOB]))
    assert world.reasons() == ["unknown_identity"]
    assert world.do(lambda tx: retry(tx, world.resolver, 1)).disposition is Disposition.PARKED
    mentee = next(r for r in world.store.stream(pair)).event.parties[1].person  # type: ignore[attr-defined]
    world.do(lambda tx: tx.directory.identify(mentee, world.resolver.hashes([BOB])))
    assert world.do(lambda tx: retry(tx, world.resolver, 1)).disposition is Disposition.APPLIED
    assert world.counts() == {"applied": 1}
    with pytest.raises(NotFound):
        world.do(lambda tx: retry(tx, world.resolver, 1))


def test_a_conflict_stays_one_when_retried(world: World) -> None:
    world.open(ADA, BOB)
    world.take(scheduled("a"), scheduled("a", day=11))
    retried = world.do(lambda tx: retry(tx, world.resolver, 1))
    assert (retried.disposition, retried.reason) == (Disposition.PARKED, "conflict")


# --- page by page ----------------------------------------------------------------------------------------


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PAGE", 2)


@pytest.mark.usefixtures("small_pages")
def test_opening_works_off_a_page_and_the_rest_follows_in_order(world: World) -> None:
    by_id = uuid4()
    world.take(*(scheduled(str(n), uid=f"m{n}") for n in range(3)))
    world.take(scheduled("3", uid="m3", relationship_id=str(by_id)), scheduled("4", uid="m4"))
    world.open(ADA, BOB, id=by_id)
    assert world.counts() == {"applied": 2, "waiting": 3}
    assert world.go_on()
    assert world.counts() == {"applied": 4, "waiting": 1}
    assert not world.go_on()
    told = [one.event.uid for one in world.store.stream(by_id) if isinstance(one.event, MeetingScheduled)]
    assert told == ["m0", "m1", "m2", "m3", "m4"]
    assert not world.go_on()


@pytest.mark.usefixtures("small_pages")
def test_what_arrives_meanwhile_does_not_wait_its_turn(world: World) -> None:
    world.take(*(scheduled(str(n), uid=f"m{n}") for n in range(5)))
    world.open(ADA, BOB)
    assert world.take(held("b", uid="m4")) == [Disposition.APPLIED]
    while world.go_on():
        pass
    assert world.counts() == {"applied": 6}


@pytest.mark.usefixtures("small_pages")
def test_what_is_bound_in_turn_is_worked_off_page_by_page_too(world: World) -> None:
    world.open(ADA, BOB)
    outcomes = [event("corrected", str(n), time=n / 100, outcome="none") for n in range(7)]
    assert world.take(*outcomes) == [Disposition.WAITING] * 7
    world.take(scheduled("a"))
    assert world.counts()["waiting"] == 5
    while world.go_on():
        pass
    assert world.counts()["waiting"] == 0


@pytest.mark.usefixtures("small_pages")
def test_those_that_wait_on_take_their_part_of_a_page_and_stop_nobody(world: World) -> None:
    world.take(*(scheduled(str(n), uid=f"x{n}", parties=[ADA, "email:eve@x.org"]) for n in range(5)))
    world.take(scheduled("a"))
    pair = world.open(ADA, BOB)
    while world.go_on():
        pass
    assert world.names(pair) == ["meeting_scheduled"]
    assert world.counts() == {"applied": 1, "waiting": 5}


def test_one_that_cannot_be_decided_holds_up_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(tx: Transaction, resolver: Resolver, message: Message) -> Applied | Waits | Parks:
        if message.envelope.id == "bad":
            raise RuntimeError
        return apply(tx, resolver, message)

    world.take(scheduled("a"), scheduled("bad", uid="m2"), scheduled("c", uid="m3"))
    monkeypatch.setattr(waiting, "apply", failing)
    world.open(ADA, BOB)
    assert world.counts() == {"applied": 2, "parked": 1}
    assert world.reasons() == ["failed"]


def test_a_full_disk_is_no_messages_fault(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    world.take(scheduled("a"))
    monkeypatch.setattr(waiting, "apply", full)
    with pytest.raises(sqlite3.OperationalError):
        world.open(ADA, BOB)
    assert world.counts() == {"waiting": 1}


# --- too early, too late ---------------------------------------------------------------------------------


def test_what_lies_ahead_is_not_told_as_past(world: World) -> None:
    pair = world.open(ADA, BOB)
    late, later = timedelta(hours=24) / timedelta(days=1), timedelta(hours=24, seconds=1) / timedelta(days=1)
    ends = 1 / 24
    messages = [
        scheduled("far ahead", 300),
        event("cancelled", "a", time=late),
        event("cancelled", "b", time=later),
        held("c", late - ends),
        held("d", later - ends),
        event("corrected", "e", outcome="held", **_span(later - ends)),
    ]
    applied, parked = Disposition.APPLIED, Disposition.PARKED
    assert world.take(*messages) == [applied, applied, parked, applied, parked, parked]
    assert world.reasons() == ["in_the_future"] * 3
    assert world.names(pair) == ["meeting_scheduled", "meeting_cancelled", "meeting_held"]
    world.clock.advance(START + timedelta(seconds=1))
    assert world.do(lambda tx: retry(tx, world.resolver, 2)).disposition is not parked


def test_what_lies_ahead_does_not_wait(world: World) -> None:
    assert world.take(event("cancelled", "a", time=400)) == [Disposition.PARKED]
    assert world.reasons() == ["in_the_future"]


def test_dropped(world: World) -> None:
    world.take(b"nonsense")
    world.do(lambda tx: drop(tx, 1))
    assert world.counts() == {"dropped": 1}
    assert world.reasons() == []


def test_sent_again_under_the_same_sequence_is_not_counted(world: World) -> None:
    world.open(ADA, BOB)
    batch = receive([1, 2], [body(scheduled("a")), body(held("b"))], [None, None])
    assert world.do(lambda tx: take_in(tx, world.resolver, UPSTREAM, 0, batch)) == 2
    assert world.do(lambda tx: take_in(tx, world.resolver, UPSTREAM, 0, batch)) == 0
    longer = receive([2, 3], [body(held("b")), body(held("c", uid="m3"))], [None, None])
    assert world.do(lambda tx: take_in(tx, world.resolver, UPSTREAM, 1, longer)) == 1
    assert world.counts() == {"applied": 3}


def test_a_batch_behind_a_hole_is_never_taken_in(world: World) -> None:
    world.open(ADA, BOB)
    world.take(scheduled("a"))
    batch = receive([3], [body(held("c"))], [None])
    with pytest.raises(Hole):
        world.do(lambda tx: take_in(tx, world.resolver, UPSTREAM, 2, batch))
    assert world.counts() == {"applied": 1}


def test_nothing_free_or_personal_is_kept_in_clear(world: World) -> None:
    world.take(scheduled("a", title="our secret"), held("b"), b"\xff our secret " + ADA.encode())
    world.open("email:eve@x.org", "email:dan@x.org")
    world.close()
    on_disk = b"".join(file.read_bytes() for file in world.folder.iterdir() if file.is_file())
    assert b"our secret" not in on_disk
    assert b"ada@example.org" not in on_disk


def test_identities_in_clear_are_known_no_longer_than_a_batch_is_decided(world: World) -> None:
    known: list[set[str]] = []

    def noting(tx: Transaction, resolver: Resolver, message: Message) -> Applied | Waits | Parks:
        known.append(set(resolver._foreseen))
        if message.envelope.id == "c":
            raise RuntimeError
        return apply(tx, resolver, message)

    world.open(ADA, BOB)
    with patch.object(account, "apply", noting):
        world.take(scheduled("a"), held("b"))
        assert world.resolver._foreseen == {}
        with pytest.raises(RuntimeError):
            world.take(held("c"))
    assert world.resolver._foreseen == {}
    assert known == [{ADA, BOB}] * 3


def _span(day: float) -> dict[str, Any]:
    return {
        "starts_at": scheduled("x", day)["data"]["starts_at"],
        "ends_at": scheduled("x", day)["data"]["ends_at"],
    }
