"""One thread writes: units stand or fall alone, commits are shared, nobody is told before it is durable."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4
from weakref import ref

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent

from tests.domain.story import everything
from tests.patience import PATIENCE
from tests.store.failing import BrokenCommit
from tests.store.place import ORIGIN, START, Place, booking, open_one, opening
from workflow.aggregates.decide import Decision
from workflow.aggregates.evolve import replay
from workflow.aggregates.policy import Policy
from workflow.aggregates.programme import programme_id
from workflow.errors import Conflict, NotFound, Refused, Unavailable
from workflow.store.receipts import Disposition
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction
from workflow.store.writer import Writer


def _live(transaction: Transaction, id: UUID) -> dict[str, Any]:
    state = transaction.relationship(id)
    assert state is not None
    return everything(state)


def _note(order: list[str], text: str) -> Callable[[Transaction], None]:
    return lambda transaction: order.append(text)


def _book(id: UUID, uid: str, day: int) -> Callable[[Transaction], Decision]:
    return lambda transaction: transaction.decide(id, booking(uid, day), ORIGIN)


class Gate:
    """Holds the writer inside a unit until the test lets go."""

    def __init__(self, place: Place) -> None:
        self.entered, self.open = threading.Event(), threading.Event()
        self.future = place.writer.submit(self._unit)
        assert self.entered.wait(PATIENCE)

    def _unit(self, transaction: Transaction) -> None:
        self.entered.set()
        assert self.open.wait(PATIENCE)


def test_what_is_written_can_be_read_with_its_position(place: Place) -> None:
    written = place.do(open_one)
    recorded = place.store.stream(written.value)
    assert recorded[-1].position == written.position == place.store.head() == place.writer.head
    assert [r.version for r in recorded] == list(range(1, len(recorded) + 1))
    everything = place.store.read(0, 100)
    assert [r.position for r in everything] == list(range(1, written.position + 1))
    assert place.store.read(written.position, 10) == []
    assert place.store.stream(written.value, after_version=len(recorded)) == []
    assert all(r.metadata.recorded_at == START for r in everything)
    assert len({r.metadata.event_id for r in everything}) == len(everything)


def test_the_origin_goes_with_every_event(place: Place) -> None:
    id = place.do(open_one).value
    origin = Origin("corr", "m1", "calendar", "00-trace", START)
    place.do(lambda t: t.decide(id, booking("u1"), origin))
    metadata = place.store.stream(id)[-1].metadata
    assert metadata.model_dump(exclude={"event_id", "recorded_at"}) == {
        "correlation_id": "corr",
        "causation_id": "m1",
        "source": "calendar",
        "traceparent": "00-trace",
        "asked_at": START,
    }


def test_a_unit_that_is_refused_loses_only_its_own(place: Place) -> None:
    gate = Gate(place)
    ids = [uuid4() for _ in range(3)]

    def unit(transaction: Transaction, id: UUID, fail: bool) -> None:
        transaction.decide(id, opening(uuid4(), uuid4()), ORIGIN)
        transaction.directory.enrol(id, START, [])
        transaction.receipts.record("up", ids.index(id), id.bytes, b"d", Disposition.APPLIED, True)
        transaction.receipts.move_position("up", ids.index(id))
        if fail:
            transaction.decide(id, opening(uuid4(), uuid4()), ORIGIN)

    futures = [place.writer.submit(partial(unit, id=id, fail=id == ids[1])) for id in ids]
    gate.open.set()
    positions = [futures[0].result(PATIENCE).position, futures[2].result(PATIENCE).position]
    with pytest.raises(Refused):
        futures[1].result(PATIENCE)
    assert positions[0] < positions[1] == place.store.head()
    assert [len(place.store.stream(id)) > 0 for id in ids] == [True, False, True]
    with place.store.ledger() as ledger:
        assert [ledger.directory.knows(id) for id in ids] == [True, False, True]
        assert [id.bytes in ledger.receipts.firsts([id.bytes]) for id in ids] == [True, False, True]
        assert ledger.receipts.counts()[Disposition.APPLIED] == 2
        assert ledger.receipts.position("up") == 2


def test_a_refused_decision_leaves_the_unit_to_go_on(place: Place) -> None:
    def unit(transaction: Transaction) -> UUID:
        id = open_one(transaction)
        with pytest.raises(Refused):
            transaction.decide(id, opening(uuid4(), uuid4()), ORIGIN)
        with pytest.raises(NotFound):
            transaction.decide(uuid4(), booking("u"), ORIGIN)
        with pytest.raises(NotFound):
            transaction.policy("unknown programme")
        transaction.decide(id, booking("u"), ORIGIN)
        return id

    written = place.do(unit)
    assert place.store.stream(written.value)[-1].position == written.position


def test_states_in_memory_equal_replayed_ones_whatever_failed(place: Place) -> None:
    ids = place.do(lambda t: [open_one(t) for _ in range(3)]).value

    def failing(transaction: Transaction) -> None:
        transaction.decide(ids[0], booking("lost"), ORIGIN)
        raise RuntimeError("a bug in a unit")

    for n in range(6):
        place.do(_book(ids[n % 3], f"u{n}", n))
        with pytest.raises(RuntimeError):
            place.do(failing)
    for id in ids:
        live = place.do(partial(_live, id=id)).value
        replayed = replay(id, [r.event for r in place.store.stream(id)])
        assert replayed is not None
        assert live == everything(replayed)
        assert live["version"] == len(place.store.stream(id))


def test_nothing_is_told_before_it_is_durable(place: Place) -> None:
    heads: list[tuple[str, int]] = []
    place.writer.on_commit(lambda position: heads.append(("commit", position)))
    id = uuid4()
    future = place.writer.submit(lambda t: t.decide(id, opening(uuid4(), uuid4()), ORIGIN))
    future.add_done_callback(lambda done: heads.append(("told", len(place.store.stream(id)))))
    future.result(PATIENCE)
    place.do(lambda t: None)
    kinds = [kind for kind, _ in heads]
    assert kinds[:2] == ["commit", "told"]
    assert heads[0][1] == place.store.head()
    assert heads[1][1] == len(place.store.stream(id))


def test_a_listener_that_fails_stops_nothing(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    def broken(position: int) -> None:
        raise RuntimeError("what was sent")

    place.writer.on_commit(broken)
    place.do(open_one)
    place.do(open_one)
    assert "a listener to commits failed: RuntimeError at workflow/store/writer.py:" in caplog.text
    assert "what was sent" not in caplog.text


def test_urgent_units_go_first_and_the_others_are_not_starved(place: Place) -> None:
    order: list[str] = []
    gate = Gate(place)
    futures: list[Future[Any]] = []
    for n in range(3):
        futures.append(place.writer.submit(_note(order, f"other {n}")))
        futures.append(place.writer.submit(_note(order, f"urgent {n}"), urgent=True))
    gate.open.set()
    wait(futures, 10)
    assert order == [f"urgent {n}" for n in range(3)] + [f"other {n}" for n in range(3)]


def test_a_commit_without_time_still_takes_one_of_the_others(empty: Place) -> None:
    """A stopwatch that jumps past the commit's time with every look: only the guarantee is left."""
    ticks = iter(range(10**9))
    empty.writer = Writer(empty.store, empty.clock, monotonic=lambda: float(next(ticks)))
    empty.start()
    gate = Gate(empty)
    order: list[str] = []
    futures = [empty.writer.submit(_note(order, f"urgent {n}"), urgent=True) for n in range(5)] + [
        empty.writer.submit(_note(order, f"other {n}")) for n in range(5)
    ]
    gate.open.set()
    wait(futures, 10)
    assert len(order) == 10
    assert order.index("other 0") <= 2, order
    assert order.index("urgent 4") < 10


def test_commands_are_answered_while_intake_floods(place: Place) -> None:
    """The watchdog is the timeout: a spike of this design once hung exactly here."""
    ids = place.do(lambda t: [open_one(t) for _ in range(20)]).value
    stop = threading.Event()
    flooded: list[Future[Any]] = []

    def flood() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            if len(place.writer._jobs) > 50:
                wait(flooded[-20:], 10)

            def unit(transaction: Transaction, n: int = n) -> None:
                for k in range(20):
                    transaction.decide(ids[k], booking(f"u{n % 5}", n % 300, sequence=n), ORIGIN)

            flooded.append(place.writer.submit(unit))

    flooder = threading.Thread(target=flood)
    flooder.start()
    try:
        for _ in range(50):
            written = place.writer.submit(open_one, urgent=True).result(PATIENCE)
            assert place.store.stream(written.value)
    finally:
        stop.set()
        flooder.join()
    assert not wait(flooded, 60).not_done
    assert all(future.exception() is None for future in flooded)


def test_what_is_recorded_never_decreases_along_the_log(place: Place) -> None:
    due = START + timedelta(days=3)
    id = place.do(open_one).value

    def ask(transaction: Transaction) -> None:
        transaction.decide(id, booking("u1"), ORIGIN, now=due)

    place.do(ask)
    # The clock still shows START; what comes now is not recorded earlier than what is there.
    assert place.do(lambda t: t.now).value == due
    place.do(lambda t: t.decide(id, booking("u2"), ORIGIN))
    place.do(lambda t: t.decide(id, booking("u3"), ORIGIN, now=START))
    times = [r.metadata.recorded_at for r in place.store.read(0, 100)]
    assert times == sorted(times)
    assert times[-1] == due
    place.close()
    again = place.again()
    again.writer.start()
    assert again.do(lambda t: t.now).value == due
    again.close()


def test_a_commit_that_fails_is_decided_anew(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    id = place.do(open_one).value
    head = place.store.head()
    broken = BrokenCommit(place, 3)
    written = place.do(lambda t: t.decide(id, booking("u1"), ORIGIN))
    assert broken.runs == 4
    assert written.position == place.store.head() > head
    assert [r.version for r in place.store.stream(id)] == list(range(1, len(place.store.stream(id)) + 1))


def test_a_commit_that_keeps_failing_is_told_and_leaves_nothing(place: Place) -> None:
    id = place.do(open_one).value
    head = place.store.head()
    BrokenCommit(place, 5)
    with pytest.raises(Unavailable):
        place.do(lambda t: t.decide(id, booking("u1"), ORIGIN))
    assert place.store.head() == head
    place.do(lambda t: t.decide(id, booking("u1"), ORIGIN))
    assert len(place.store.stream(id)) > 1


def test_before_it_is_decided_anew_a_commit_waits_a_little_and_each_time_longer(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(place.writer, "_pause", pauses.append)
    BrokenCommit(place, 3)
    place.do(open_one)
    assert pauses == [0.01, 0.02, 0.04]
    BrokenCommit(place, 5)
    with pytest.raises(Unavailable):
        place.do(open_one)
    assert pauses[3:] == [0.01, 0.02, 0.04, 0.08], "and not once more when it is given up"


def test_units_that_are_tried_apart_wait_no_more(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(place.writer, "_pause", pauses.append)
    monkeypatch.setattr(place.writer, "_commit_seconds", 60)  # all in one commit
    broken = BrokenCommit(place, 1000)
    gate = Gate(place)
    units: list[Future[Any]] = [gate.future, *(place.writer.submit(open_one) for _ in range(7))]
    gate.open.set()
    for unit in units:
        with pytest.raises(Unavailable):
            unit.result(PATIENCE)
    assert broken.runs == 5 * (8 + 4 + 2 + 1), "each alone, in halves of halves, in halves, and all together"
    assert pauses == [0.01, 0.02, 0.04, 0.08]


def test_one_unit_that_cannot_be_stored_does_not_take_the_others_with_it(place: Place) -> None:
    gate = Gate(place)

    def unstorable(transaction: Transaction) -> None:
        id = uuid4()
        transaction.decide(id, opening(uuid4(), uuid4()), ORIGIN)
        transaction._staged.append(transaction._staged[-1])

    good = [place.writer.submit(open_one) for _ in range(3)]
    bad = place.writer.submit(unstorable)
    good += [place.writer.submit(open_one) for _ in range(3)]
    gate.open.set()
    with pytest.raises(Unavailable) as raised:
        bad.result(PATIENCE)
    assert isinstance(raised.value.__cause__, IntegrityError | psycopg.IntegrityError)
    for future in good:
        assert place.store.stream(future.result(PATIENCE).value)


def test_what_another_process_wrote_is_seen(place: Place) -> None:
    id = place.do(open_one).value
    before = place.do(lambda t: t.relationship(id).version).value
    last = place.store.stream(id)[-1]
    other = place.again()
    other.writer.start()
    other.do(lambda t: t.decide(id, booking("u1"), ORIGIN))
    other.close()
    assert place.do(lambda t: t.relationship(id).version).value > before
    place.do(lambda t: t.decide(id, booking("u2"), ORIGIN))
    versions = [r.version for r in place.store.stream(id)]
    assert versions == list(range(1, len(versions) + 1))
    assert versions[-1] > last.version + 1


def test_two_writers_never_overwrite_each_other(place: Place) -> None:
    """On files not a way to run it, but it must not lose anything."""
    id = place.do(open_one).value
    other = place.again()
    other.writer.start()
    futures = [
        writer.submit(_book(id, f"u{n}", n))
        for n in range(40)
        for writer in [(place.writer, other.writer)[n % 2]]
    ]
    for future in futures:
        future.result(PATIENCE)
    other.close()
    recorded = place.store.stream(id)
    assert [r.version for r in recorded] == list(range(1, len(recorded) + 1))
    assert {getattr(r.event, "uid", None) for r in recorded} >= {f"u{n}" for n in range(40)}


def test_stopping_finishes_what_was_submitted(place: Place) -> None:
    gate = Gate(place)
    futures = [place.writer.submit(open_one) for _ in range(30)]
    threading.Timer(0.05, gate.open.set).start()
    place.writer.stop()
    assert all(future.done() and future.exception() is None for future in futures)
    assert not place.writer.alive
    with pytest.raises(Unavailable):
        place.writer.submit(open_one)


def test_nobody_waits_for_a_writer_that_never_began(empty: Place) -> None:
    future = empty.writer.submit(open_one)
    empty.writer.stop()
    with pytest.raises(Unavailable):
        future.result(0)


def test_a_cancelled_unit_never_runs(place: Place) -> None:
    gate = Gate(place)
    ran: list[int] = []
    future = place.writer.submit(lambda t: ran.append(1))
    assert future.cancel()
    gate.open.set()
    place.do(lambda t: None)
    assert ran == []


def test_policies_are_adopted_in_versions(place: Place) -> None:
    assert place.do(lambda t: t.policy("default").version).value == 1
    other = Policy.model_validate({"agreement": {"cadence_days": 14}})

    def adopt(transaction: Transaction) -> list[int]:
        transaction.open_programme("default", "Europe/Helsinki", other, ORIGIN)
        versions = [transaction.policy("default").version]
        transaction.open_programme("default", "Europe/Helsinki", other, ORIGIN)
        return [*versions, transaction.policy("default").version]

    assert place.do(adopt).value == [2, 2]
    place.close()
    again = place.again()
    again.writer.start()
    in_force = again.do(lambda t: t.policy("default")).value
    again.close()
    assert in_force.version == 2
    assert in_force.policy == other


def test_the_log_says_nothing_at_all_when_all_is_well(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    place.do(open_one)
    assert caplog.text == ""


def test_the_librarys_own_reading_finds_what_the_writer_wrote(place: Place) -> None:
    id = place.do(open_one).value
    stored = place.store.facts.recorder.select_events(id)
    assert isinstance(stored[0], StoredEvent)
    assert next(iter(place.store.facts.events.get(id))).originator_id == id
    log = place.store.facts.notification_log.select(start=1, limit=10)
    assert [notification.id for notification in log] == [r.position for r in place.store.read(0, 10)]


def test_nothing_is_opened_over_a_stream_of_another_kind(place: Place) -> None:
    programme = programme_id("default")
    for _ in range(2):  # with the programme in memory, and after whatever the refusal left there
        with pytest.raises(Conflict) as refused:
            place.do(lambda t: t.decide(programme, opening(uuid4(), uuid4()), ORIGIN))
        assert refused.value.code == "id_taken"
        with pytest.raises(NotFound):
            place.do(lambda t: t.decide(programme, booking("u1"), ORIGIN))
        place.writer._states.clear()
    assert place.do(lambda t: t.relationship(programme)).value is None
    place.do(open_one)
    relationship = programme_id("another")
    place.do(lambda t: t.decide(relationship, opening(uuid4(), uuid4()), ORIGIN))
    place.writer._states.clear()
    with pytest.raises(Conflict):
        place.do(lambda t: t.open_programme("another", "Europe/Helsinki", Policy(), ORIGIN))
    with pytest.raises(NotFound):
        place.do(lambda t: t.policy("another"))
    assert place.do(lambda t: t.relationship(relationship)).value is not None


def test_what_a_commit_decided_does_not_wait_for_the_garbage_collector(place: Place) -> None:
    id = place.do(open_one).value
    gc.disable()
    try:
        given = place.do(_decided(id)).value
        place.do(lambda _: None)
        assert given() is None
    finally:
        gc.enable()


def _decided(id: UUID) -> Callable[[Transaction], ref[Transaction]]:
    def unit(transaction: Transaction) -> ref[Transaction]:
        transaction.decide(id, booking("a", 3), ORIGIN)
        return ref(transaction)

    return unit
