"""What stands beside the events: receipts, bodies, answers, the directory; each against a plain model of it."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import cast
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.place import START, Place, scratch
from workflow.errors import Invalid, NotFound
from workflow.store.cursor import Cursor
from workflow.store.held import HeldMessage, HeldMessages, Label
from workflow.store.idempotency import KeptAnswer
from workflow.store.instants import from_micros, to_micros
from workflow.store.ledger import Ledger
from workflow.store.receipts import Disposition, Receipt, Receipts
from workflow.store.transaction import Transaction

KEYS = st.integers(0, 5).map(lambda n: bytes([n]) * 16)


def test_a_folder_made_before_receipts_said_whose_they_are_is_read_and_goes_on(tmp_path: Path) -> None:
    before = Place(tmp_path).start()
    before.do(lambda t: t.receipts.record("up", 1, b"k" * 16, b"d", Disposition.APPLIED, True))
    before.close()
    with closing(sqlite3.connect(tmp_path / "events.db")) as connection:
        for column in ("kind", "relationship"):
            connection.execute(f"ALTER TABLE receipts DROP COLUMN {column}")
        connection.execute("DROP TABLE reactors")
    for _ in range(2):
        Place(tmp_path).close()  # opened twice, it is brought in line once
    place = Place(tmp_path).start()
    whose = uuid4()

    def unit(t: Transaction) -> int:
        t.receipts.record("up", 2, b"l" * 16, b"d", Disposition.APPLIED, True, None, "held.v1", whose)
        return t.reactors.begin("delivery", 7)

    assert place.do(unit).value == 7
    with place.store.ledger() as ledger:
        told = [(one.kind, one.relationship) for one in ledger.receipts.page("up", 0, 10)]
    place.close()
    assert told == [(None, None), ("held.v1", whose)]


def test_a_reactor_goes_on_from_where_it_was_and_never_back(place: Place) -> None:
    assert place.do(lambda t: t.reactors.position("delivery")).value is None
    assert [place.do(lambda t, at=at: t.reactors.begin("delivery", at)).value for at in (5, 9)] == [5, 5]
    assert [place.do(lambda t, at=at: t.reactors.move("delivery", at)).value for at in (8, 6)] == [8, 8]


def test_a_reactor_is_not_moved_over_what_is_not_known_to_be_done(place: Place) -> None:
    place.do(lambda t: t.reactors.begin("delivery", 5))
    assert place.do(lambda t: t.reactors.move("delivery", 9, behind=7)).value == 5
    assert place.do(lambda t: t.reactors.move("delivery", 9, behind=5)).value == 9


# --- receipts --------------------------------------------------------------------------------------------


Message = tuple[str, bytes | None]
UPSTREAMS = st.sampled_from(["a", "b"])


def _take_in(
    transaction: Transaction, unit: list[Message], before: list[Receipt], fails: bool
) -> list[Receipt]:
    """A message is applied, or a duplicate of an earlier one."""
    receipts, added = transaction.receipts, list[Receipt]()
    known = set(receipts.firsts([key for _, key in unit if key is not None]))
    for upstream, key in unit:
        seq = sum(r.upstream == upstream for r in before + added) + 1
        first = key is None or not receipts.firsts([key])
        assert first == (key is None or key not in known)
        what = Disposition.APPLIED if first else Disposition.DUPLICATE
        reason = None if first else "again"
        receipts.record(upstream, seq, key, b"digest", what, first, reason)
        receipts.move_position(upstream, seq)
        added.append(Receipt(upstream, seq, key, b"digest", what, first, reason))
        assert receipts.seen(upstream, seq) == added[-1]
        if key is not None:
            known.add(key)
    if fails:
        raise RuntimeError
    return added


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(st.tuples(UPSTREAMS, st.none() | KEYS), max_size=6), st.booleans()), max_size=6
    )
)
def test_receipts_are_as_a_plain_list_of_them(units: list[tuple[list[Message], bool]]) -> None:
    """What a unit that fails had recorded was never there."""
    model: list[Receipt] = []
    with scratch() as place:
        for unit, fails in units:
            future = place.writer.submit(partial(_take_in, unit=unit, before=[*model], fails=fails))
            if fails:
                with pytest.raises(RuntimeError):
                    future.result(60)
            else:
                model += future.result(60).value
        with place.store.ledger() as ledger:
            _same(ledger, model)


def _same(ledger: Ledger, model: list[Receipt]) -> None:
    receipts = ledger.receipts
    for upstream in ("a", "b"):
        mine = [r for r in model if r.upstream == upstream]
        assert receipts.page(upstream, 0, 1000) == mine
        assert receipts.page(upstream, 2, 1) == mine[2:3]
        assert receipts.position(upstream) == len(mine)
        assert receipts.seen_between(upstream, 2, 3) == {r.seq for r in mine} & {2, 3}
    counted = Counter(r.disposition for r in model)
    assert receipts.counts() == {d: counted[d] for d in Disposition}
    firsts = {r.key: r for r in model if r.first and r.key is not None}
    assert receipts.firsts([bytes([n]) * 16 for n in range(9)]) == firsts


def test_a_second_first_is_impossible(place: Place) -> None:
    def unit(transaction: Transaction, seq: int) -> None:
        transaction.receipts.record("up", seq, b"k" * 16, b"d", Disposition.APPLIED, True)

    place.do(lambda t: unit(t, 1))
    with pytest.raises(Exception, match=r"(?i)unique"):
        place.do(lambda t: unit(t, 2))


def test_what_became_of_a_message_can_change(place: Place) -> None:
    def waits(transaction: Transaction) -> None:
        transaction.receipts.record("up", 1, b"k" * 16, b"d", Disposition.WAITING, True, "soon")
        transaction.receipts.record("up", 2, b"l" * 16, b"d", Disposition.WAITING, True)
        transaction.receipts.revise("up", 2, Disposition.PARKED, "late")
        (found,) = transaction.receipts.firsts([b"l" * 16]).values()
        assert (found.disposition, found.reason) == (Disposition.PARKED, "late")

    place.do(waits)
    place.do(lambda t: t.receipts.revise("up", 1, Disposition.APPLIED))
    with pytest.raises(LookupError):
        place.do(lambda t: t.receipts.revise("up", 9, Disposition.APPLIED))
    with place.store.ledger() as ledger:
        counts = ledger.receipts.counts()
        assert {d: n for d, n in counts.items() if n} == {Disposition.APPLIED: 1, Disposition.PARKED: 1}
        found = [(r.disposition, r.reason) for r in ledger.receipts.page("up", 0, 9)]
        assert found == [("applied", None), ("parked", "late")]


def test_many_receipts_are_asked_for_at_once_and_other_things_counted(place: Place) -> None:
    keys = [n.to_bytes(16, "big") for n in range(1300)]

    def unit(transaction: Transaction) -> None:
        for seq, key in enumerate(keys[:1200]):
            transaction.receipts.record("up", seq, key, b"d", Disposition.APPLIED, True)
        transaction.receipts.count("members_dropped", 3)
        transaction.receipts.count("members_dropped")

    place.do(unit)
    with place.store.ledger() as ledger:
        assert set(ledger.receipts.firsts(keys)) == set(keys[:1200])
        assert ledger.receipts.firsts([]) == {}
        assert ledger.receipts.counted("members_dropped") == 4
        assert ledger.receipts.upstreams() == {"up": 0}


def test_a_position_never_goes_back(place: Place) -> None:
    place.do(lambda t: t.receipts.move_position("up", 7))
    place.do(lambda t: t.receipts.move_position("up", 3))
    assert place.do(lambda t: (t.position("up"), t.position("other"))).value == (7, 0)


# --- bodies ----------------------------------------------------------------------------------------------


def test_waiting_bodies_come_out_in_order_of_arrival_by_any_of_their_keys(place: Place) -> None:
    def unit(transaction: Transaction) -> None:
        for seq, awaited in ((5, ["x"]), (3, ["x", "y"]), (4, ["y"]), (9, ["z"])):
            transaction.waiting.put(
                "up",
                seq,
                f"body {seq}".encode(),
                arrived_at=transaction.now,
                reason="nobody",
                awaited=awaited,
            )
        transaction.parked.put("up", 10, b"bad", arrived_at=transaction.now, reason="ill_typed")

    place.do(unit)

    def drain(transaction: Transaction) -> list[HeldMessage]:
        waiting, drained = transaction.waiting, list[HeldMessage]()
        assert waiting.next_awaiting("unknown", 0) is None
        for awaited in ("x", "y"):
            while (number := waiting.next_awaiting(awaited, 0)) is not None:
                kept = waiting.get(number)
                assert kept is not None
                drained.append(kept)
                waiting.remove(number)
        return drained

    kept = place.do(drain).value
    assert [(k.upstream, k.seq, k.body) for k in kept] == [
        ("up", 5, b"body 5"),
        ("up", 3, b"body 3"),
        ("up", 4, b"body 4"),
    ]
    with place.store.ledger() as ledger:
        assert [k.seq for k in ledger.waiting.page()] == [9]
        assert len(ledger.waiting) == len(ledger.parked) == 1
        parked = ledger.parked.page()[0]
        assert (parked.reason, parked.body, parked.arrived_at) == ("ill_typed", b"bad", START)
        assert ledger.parked.page(after=parked.id) == []
        assert ledger.waiting.get(999) is None


def test_what_waited_too_long_is_found_oldest_first(place: Place) -> None:
    for day in (3, 1, 2):
        arrived = START + timedelta(days=day)
        place.do(lambda t, a=arrived, d=day: t.waiting.put("up", d, b"", arrived_at=a, reason="nobody"))
    with place.store.ledger() as ledger:
        limit = START + timedelta(days=2)
        assert [k.seq for k in ledger.waiting.arrived_before(limit, 10)] == [1, 2]
        assert [k.seq for k in ledger.waiting.arrived_before(limit, 1)] == [1]


def test_destroying_a_months_key_takes_its_bodies_and_no_others(place: Place) -> None:
    for month, seq in ((1, 1), (2, 2)):
        arrived = datetime(2026, month, 9, tzinfo=START.tzinfo)
        place.do(lambda t, a=arrived, s=seq: t.parked.put("up", s, b"body", arrived_at=a, reason="r"))
    place.keys.destroy(["intake/2026-01"])
    with place.store.ledger() as ledger:
        assert [(k.seq, k.body) for k in ledger.parked.page()] == [(1, None), (2, b"body")]


@pytest.mark.parametrize("table", ["parked", "waiting"])
def test_who_sent_it_and_what_it_is_is_told_as_long_as_its_key_lives(place: Place, table: str) -> None:
    label = Label("/calendar", "mentoring.meeting.held.v1")

    def put(transaction: Transaction) -> None:
        bodies: HeldMessages = getattr(transaction, table)
        bodies.put("up", 1, b"body", arrived_at=START, reason="r", label=label)
        bodies.put("up", 2, b"other", arrived_at=START, reason="r")
        bodies.restate(2, "s")

    def outlines() -> list[tuple[int | None, str | None, str | None, str]]:
        with place.store.ledger() as ledger:
            found = getattr(ledger, table).outlines()
        return [(one.bytes, one.source, one.type, one.reason) for one in found]

    place.do(put)
    assert outlines() == [(4, *label, "r"), (5, None, None, "s")]
    with place.store.ledger() as ledger:
        assert [kept.label for kept in getattr(ledger, table).page()] == [label, Label()]
    assert b"/calendar" not in place.bytes_on_disk()
    place.keys.destroy([f"intake/{START:%Y-%m}"])
    assert outlines() == [(None, None, None, "r"), (None, None, None, "s")]


@pytest.mark.parametrize("table", ["parked", "waiting"])
def test_the_number_of_a_body_that_is_gone_is_never_given_again(place: Place, table: str) -> None:
    def put(transaction: Transaction, seq: int) -> int:
        bodies: HeldMessages = getattr(transaction, table)
        return bodies.put("up", seq, b"body", arrived_at=transaction.now, reason="r")

    first = place.do(partial(put, seq=1)).value
    place.do(lambda t: getattr(t, table).remove(first))
    second = place.do(partial(put, seq=2)).value
    assert second > first
    place.do(lambda t: getattr(t, table).remove(first))
    with place.store.ledger() as ledger:
        assert [kept.id for kept in getattr(ledger, table).page()] == [second]


# --- answers ---------------------------------------------------------------------------------------------


def test_an_answer_is_given_again_and_another_body_refused(place: Place) -> None:
    answer = KeptAnswer(201, b'{"id": 1}', 42)
    place.do(lambda t: t.idempotency.keep("ada", "POST /x", "k1", b"digest", answer, t.now))

    def ask(principal: str, route: str, key: str, digest: bytes) -> KeptAnswer | None:
        with place.store.ledger() as ledger:
            return ledger.idempotency.find(principal, route, key, digest)

    assert ask("ada", "POST /x", "k1", b"digest") == answer
    assert ask("bob", "POST /x", "k1", b"other") is None
    assert ask("ada", "POST /y", "k1", b"other") is None
    assert ask("ada", "POST /x", "k2", b"other") is None
    with pytest.raises(Invalid) as raised:
        ask("ada", "POST /x", "k1", b"other")
    assert raised.value.code == "idempotency_key_reused"


# --- directory -------------------------------------------------------------------------------------------

PEOPLE = [UUID(int=n) for n in range(4)]
HASHES = [bytes([n]) * 32 for n in range(4)]
DAYS = st.integers(0, 6)


def day(n: int) -> datetime:
    return START + timedelta(days=n)


@settings(max_examples=80, deadline=None)
@given(
    relationships=st.lists(
        st.tuples(st.sets(st.integers(0, 3), min_size=2), DAYS, st.none() | DAYS), max_size=5
    ),
    unknown=st.sets(st.integers(0, 3), max_size=1),
    asked=st.lists(st.integers(0, 3), min_size=1, max_size=3),
    at=st.none() | DAYS,
)
def test_the_directory_finds_the_relationships_open_then_that_have_all(
    relationships: list[tuple[set[int], int, int | None]], unknown: set[int], asked: list[int], at: int | None
) -> None:
    ids = [uuid4() for _ in relationships]
    with scratch() as place:

        def unit(transaction: Transaction) -> None:
            directory = transaction.directory
            for n in set(range(4)) - unknown:
                directory.identify(PEOPLE[n], [HASHES[n]])
            for id, (people, opened, closed) in zip(ids, relationships, strict=True):
                directory.enrol(id, day(opened), [PEOPLE[n] for n in people])
                directory.enrol(id, day(opened), [PEOPLE[n] for n in people])
                directory.bind("shared uid", None, id)
                if closed is not None:
                    directory.close(id, day(closed))

        place.do(unit)
        hashes = [HASHES[n] for n in asked]
        having = {
            id: (opened, closed)
            for id, (people, opened, closed) in zip(ids, relationships, strict=True)
            if set(asked) <= people and not set(asked) & unknown
        }
        expected = {
            id
            for id, (opened, closed) in having.items()
            if at is None or (opened <= at and (closed is None or closed > at))
        }
        later = any(opened > (at or 0) for opened, _ in having.values())
        for prefetched in (False, True):
            with place.store.ledger() as ledger:
                directory = ledger.directory
                if prefetched:
                    directory.prefetch(HASHES, [("shared uid", None), ("nobody's uid", None)])
                    assert directory.bound("nobody's uid", None) == []
                found = directory.relationships_of(hashes, None if at is None else day(at))
                assert set(found) == expected
                assert len(found) == len(expected)
                assert directory.opened_later(hashes, day(at or 0)) == later
                assert set(directory.holding("shared uid", None, hashes)) == set(having)
                for id, (people, *_) in zip(ids, relationships, strict=True):
                    people_found = {hashed: directory.person_in(id, hashed) for hashed in HASHES}
                    known = {HASHES[n]: PEOPLE[n] for n in people - unknown}
                    assert people_found == dict.fromkeys(HASHES) | known


def test_what_was_foreseen_follows_what_the_unit_itself_changes(place: Place) -> None:
    ids, hashes = [uuid4(), uuid4()], HASHES[:2]

    def unit(transaction: Transaction) -> None:
        directory = transaction.directory
        directory.prefetch(hashes, [("u", None)])
        assert directory.relationships_of(hashes, day(1)) == []
        for id in ids:
            directory.enrol(id, day(0), PEOPLE[:2])
        directory.identify(PEOPLE[0], hashes[:1])
        directory.prefetch(hashes, [("u", None)])
        directory.identify(PEOPLE[1], hashes[1:])
        assert set(directory.relationships_of(hashes, day(1))) == set(ids)
        directory.prefetch(hashes, [("u", None)])
        assert directory.bind("u", None, ids[0])
        assert not directory.bind("u", None, ids[0])
        assert directory.bound("u", None) == directory.holding("u", None, hashes) == [ids[0]]
        directory.close(ids[0], day(1))
        assert directory.relationships_of(hashes, day(1)) == [ids[1]]
        assert directory.bound("u", None) == [ids[0]]

    place.do(unit)


def test_an_identity_belongs_to_one_person_until_forgotten(place: Place) -> None:
    first, second, identity = uuid4(), uuid4(), b"h" * 32

    def unit(transaction: Transaction) -> list[UUID | None]:
        directory = transaction.directory
        seen = [directory.person_of(identity)]
        directory.identify(first, [identity])
        directory.identify(second, [identity])
        seen.append(directory.person_of(identity))
        directory.forget(first)
        seen.append(directory.person_of(identity))
        directory.identify(second, [identity])
        return [*seen, directory.person_of(identity)]

    assert place.do(unit).value == [None, first, None, second]


def test_a_calendar_entry_is_bound_once_and_occurrences_apart(place: Place) -> None:
    one, two = uuid4(), uuid4()

    def unit(transaction: Transaction) -> list[object]:
        bind, bound = transaction.directory.bind, transaction.directory.bound
        return [
            bind("u", None, one), bind("u", None, one), bind("u", START, one), bind("u", None, two),
            set(bound("u", None)), bound("u", START), bound("u", day(1)), bound("v", None),
        ]  # fmt: skip

    assert place.do(unit).value == [True, False, True, True, {one, two}, [one], [], []]


# --- times -----------------------------------------------------------------------------------------------


AWARE = st.datetimes(timezones=st.timezones() | st.just(UTC), allow_imaginary=False).filter(
    lambda instant: 1 < instant.year < 9999
)


@given(AWARE)
def test_instants_are_kept_exactly(instant: datetime) -> None:
    kept = from_micros(to_micros(instant))
    assert kept == instant.astimezone(UTC)
    assert kept.tzinfo is UTC


def test_the_simulated_instant_is_kept_with_everything_else(place: Place) -> None:
    assert place.do(lambda t: t.ledger.simulated_instant()).value is None
    place.do(lambda t: t.ledger.set_simulated_instant(day(1)))
    place.do(lambda t: t.ledger.set_simulated_instant(day(2)))
    with place.store.ledger() as ledger:
        assert ledger.simulated_instant() == day(2)


def test_a_missing_key_is_said_to_be_missing(place: Place) -> None:
    place.do(lambda t: t.parked.put("up", 1, b"body", arrived_at=t.now, reason="r"))
    place.keys._rows.prove([], [f"intake/{START:%Y-%m}"])
    place.keys._cache.clear()
    with place.store.ledger() as ledger, pytest.raises(NotFound):
        ledger.parked.page()


class _Explained:
    """Has the database tell how it would find what it is asked, sorting and going through tables only if it must."""

    def __init__(self, cursor: Cursor, *, shared: bool) -> None:
        self._cursor = cursor
        self._how = "EXPLAIN" if shared else "EXPLAIN QUERY PLAN"
        self.told = ""
        if shared:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")

    def execute(self, statement: str, values: Sequence[object] = ()) -> None:
        self._cursor.execute(f"{self._how} {statement}", values)
        self.told = "\n".join(str(row[-1]) for row in self._cursor.fetchall())

    def fetchall(self) -> list[object]:
        return []

    def among(self, column: str, values: Sequence[object]) -> tuple[str, list[object]]:
        return self._cursor.among(column, values)


@pytest.mark.parametrize("asked", ["the last", "a page"])
def test_receipts_are_found_in_their_order_and_not_sorted_however_many_there_are(
    place: Place, asked: str
) -> None:
    recorder = place.store.recorder
    with recorder.snapshot() as cursor:
        explained = _Explained(cursor, shared=recorder.shared)
        receipts = Receipts(cast("Cursor", explained))
        if asked == "the last":
            receipts.last("stream/0", 1)
        else:
            receipts.page("stream/0", 7, 100)
    assert re.search(r"receipts_pkey|PRIMARY KEY", explained.told), explained.told
    assert not re.search(r"sort|temp b-tree", explained.told, re.IGNORECASE), explained.told
