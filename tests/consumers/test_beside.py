"""Several processes take in and write beside each other: whatever overlaps, it comes to what one alone makes of it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from tests.consumers.world import ORIGIN, START, World, body, event, held, scheduled
from tests.kept import databases
from tests.patience import PATIENCE
from tests.postgres import PostgresServer
from workflow.aggregates.commands import Actor
from workflow.aggregates.events import Role
from workflow.aggregates.policy import Policy
from workflow.aggregates.relationship import Relationship
from workflow.consumers.meetings.account import receive, take_in
from workflow.store.receipts import Disposition
from workflow.store.transaction import Transaction

_IDS = UUID("6f0b5d55-6f3a-4f0b-8a57-2f0e9d6a1c44")
PAIRS = 6


def people(pair: int) -> list[str]:
    return [f"email:mentor{pair}@example.org", f"ext:portal:{pair}"]


def relationship(pair: int) -> UUID:
    return uuid5(_IDS, str(pair))


def told(random: Random, number: int) -> list[dict[str, Any]]:
    """Messages about few meetings of few pairs, many of them twice, some of a pair that is opened later or never."""
    messages = []
    for count in range(number):
        pair, meeting = random.randrange(PAIRS), random.randrange(8)
        data: dict[str, Any] = {"uid": f"{pair}/{meeting}", "sequence": random.randrange(3)}
        data |= (
            {"parties": people(pair)}
            if random.random() < 0.8
            else {"relationship_id": str(relationship(pair))}
        )
        id, day = f"{number}/{count}", 5 + 3 * meeting + random.randrange(2)
        kind = random.choice(("scheduled", "scheduled", "held", "cancelled"))
        if kind == "scheduled":
            messages.append(scheduled(id, day, **data))
        elif kind == "held":
            del data["sequence"]
            messages.append(held(id, 0.3, **data))
        else:
            messages.append(event("cancelled", id, time=1 + random.random(), **data))
        if random.random() < 0.2:
            messages.append(random.choice(messages))
    return messages


def standing(world: World) -> dict[UUID, tuple[Any, ...] | None]:
    """How all relationships stand, and what is held of none."""

    def states(tx: Any) -> list[Relationship | None]:
        return [tx.relationship(relationship(pair)) for pair in range(PAIRS)]

    return {
        relationship(pair): state
        and (
            state.state,
            [meeting._replace(versions=()) for meeting in state.calendar.meetings()],
            state.concerns,
            state.suspicion,
        )
        for pair, state in enumerate(world.do(states))
    }


def side_by_side(*works: Callable[[], object]) -> None:
    failures: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


@pytest.fixture
def worlds(tmp_path: Path, postgres: PostgresServer) -> Iterator[list[World]]:
    """Three processes' stores over one database, each taking in an upstream of its own."""
    engine = databases(postgres)
    made = [World(tmp_path / "shared", engine=engine, upstream=f"test/{number}") for number in range(3)]
    for world in made:
        world.clock.advance(START.replace(day=20))
    yield made
    for world in made:
        world.close()


def open_pair(world: World, pair: int) -> None:
    world.open(*people(pair), id=relationship(pair))


def open_pairs(world: World, pairs: Iterable[int]) -> None:
    for pair in pairs:
        open_pair(world, pair)


def in_batches(random: Random, messages: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    left = list(messages)
    while left:
        size = random.randrange(1, 9)
        yield left[:size]
        left = left[size:]


@pytest.mark.parametrize("seed", range(8))
def test_whatever_overlaps_comes_to_what_one_alone_makes_of_it(
    seed: int, worlds: list[World], tmp_path: Path
) -> None:
    random = Random(seed)
    messages = told(random, 120)
    shares: list[list[dict[str, Any]]] = [[], []]
    for message in messages:
        random.choice(shares).append(message)  # of one meeting in both, too: nobody has to keep them together
    first, second, door = worlds
    open_pairs(door, range(2))

    def take(world: World, share: list[dict[str, Any]], draw: Random) -> Callable[[], None]:
        def work() -> None:
            for batch in in_batches(draw, share):
                world.take(*batch)

        return work

    side_by_side(
        take(first, shares[0], Random(seed + 1)),
        take(second, shares[1], Random(seed + 2)),
        partial(open_pairs, door, range(2, PAIRS)),
    )
    while door.go_on():
        pass

    alone = World(tmp_path / "alone")
    alone.clock.advance(START.replace(day=20))
    open_pairs(alone, range(PAIRS))
    for batch in in_batches(Random(seed), messages):
        alone.take(*batch)

    assert standing(door) == standing(alone)
    with door.store.ledger() as here, alone.store.ledger() as there:
        ours, theirs = here.receipts.counts(), there.receipts.counts()
        assert sum(ours.values()) == sum(theirs.values()) == len(messages)
        for same in (Disposition.DUPLICATE, Disposition.WAITING, Disposition.PARKED):
            assert ours[same] == theirs[same], same
        assert len(here.waiting) == ours[Disposition.WAITING]
        receipts = [*here.receipts.page("test/0", 0, 999), *here.receipts.page("test/1", 0, 999)]
        counted = Counter(receipt.disposition for receipt in receipts)
        assert counted == {disposition: number for disposition, number in ours.items() if number}
    alone.close()
    log = door.store.read(0, 100_000)
    assert [recorded.position for recorded in log] == list(range(1, len(log) + 1))
    times = [recorded.metadata.recorded_at for recorded in log]
    assert times == sorted(times)


def test_two_that_take_in_the_same_stream_account_for_each_message_once(worlds: list[World]) -> None:
    first, second, door = worlds
    second.upstream = first.upstream
    open_pair(door, 0)
    messages = [
        scheduled(f"m{number}", 30 + number, uid=f"u{number}", parties=people(0)) for number in range(60)
    ]

    def take(world: World) -> Callable[[], None]:
        def work() -> None:
            for start in range(0, 60, 6):
                world.take(*messages[start : start + 6])

        return work

    side_by_side(take(first), take(second))
    with door.store.ledger() as ledger:
        assert ledger.receipts.counts()[Disposition.APPLIED] == 60
        assert sum(ledger.receipts.counts().values()) == 60
        assert ledger.receipts.position(first.upstream) == 60


def test_a_message_that_waits_for_what_is_opened_meanwhile_is_not_forgotten(worlds: list[World]) -> None:
    """It is written and what it waits for is opened at once: one of the two sees the other."""
    first, _, door = worlds
    for pair in range(40):
        message = scheduled(f"m{pair}", 30, uid=f"u{pair}", parties=people(pair))
        side_by_side(partial(first.take, message), partial(open_pair, door, pair))
    with door.store.ledger() as ledger:
        assert len(ledger.waiting) == 0
        assert ledger.receipts.counts()[Disposition.APPLIED] == 40


class Overlap:
    """One takes a message in, and just before that is committed another one does something."""

    def __init__(self, world: World, message: dict[str, Any], meanwhile: Callable[[], object]) -> None:
        self._world = world
        self._batch = receive([1], [body(message)], [None])
        self._meanwhile = meanwhile
        self.runs = 0

    def __call__(self, tx: Transaction) -> None:
        self.runs += 1
        take_in(tx, self._world.resolver, self._world.upstream, 0, self._batch)
        if self.runs == 1:
            self._meanwhile()

    def take(self) -> Disposition:
        self._world.writer.submit(self, beside=True).result(PATIENCE)
        return self._world.disposition(1)


def adopt(world: World) -> None:
    other = Policy.model_validate({"agreement": {"cadence_days": 9}})
    world.do(lambda tx: tx.adopt_policy("default", other, ORIGIN, actor=Actor(uuid4(), Role.COORDINATOR)))


def of_pair(pair: int, id: str = "b1", uid: str = "u1", **data: Any) -> dict[str, Any]:
    return scheduled(id, 31, uid=uid, parties=people(pair), **data)


@pytest.mark.parametrize(
    ("meanwhile", "anew"),
    [
        (lambda other: other.take(of_pair(1, uid="another")), False),
        (lambda other: other.take(of_pair(0, uid="another")), True),
        (lambda other: other.take(of_pair(1, uid="u1")), True),
        (lambda other: other.take(of_pair(1, id="a1", uid="another")), True),
        (lambda other: other.take(event("cancelled", "b1", uid="u1", parties=people(5))), True),
        (lambda other: open_pair(other, 4), True),
        (lambda other: other.close_one(relationship(1)), True),
        (adopt, True),
    ],
    ids=[
        "of another relationship",
        "of the same relationship",
        "of the same calendar entry",
        "of the same source and id",
        "that waits for what becomes known",
        "a relationship is opened",
        "a relationship is closed",
        "a policy is adopted",
    ],
)
def test_it_is_decided_anew_where_something_that_it_rests_on_was_committed_meanwhile(
    worlds: list[World], meanwhile: Callable[[World], object], anew: bool
) -> None:
    first, second, door = worlds
    open_pairs(door, range(2))
    overlap = Overlap(first, of_pair(0, id="a1"), partial(meanwhile, second))
    overlap.take()
    assert (overlap.runs, first.writer.overtaken) == ((2, 1) if anew else (1, 0))
    log = door.store.read(0, 1000)
    assert [recorded.position for recorded in log] == list(range(1, len(log) + 1))


def test_one_of_two_of_the_same_source_and_id_counts(worlds: list[World]) -> None:
    first, second, door = worlds
    open_pairs(door, range(2))
    message = of_pair(0, id="a1")
    assert Overlap(first, message, lambda: second.take(message)).take() is Disposition.DUPLICATE


def test_a_message_that_waits_is_worked_off_by_whoever_has_it_overlap(worlds: list[World]) -> None:
    first, second, door = worlds
    open_pairs(door, range(1))
    early = event("cancelled", "b1", uid="u1", parties=people(0)[:1])
    Overlap(first, of_pair(0, id="a1"), lambda: second.take(early)).take()
    with door.store.ledger() as ledger:
        assert len(ledger.waiting) == 0
        assert ledger.receipts.counts()[Disposition.APPLIED] == 2


def test_what_another_took_in_of_the_same_stream_meanwhile_is_not_taken_in_again(worlds: list[World]) -> None:
    first, second, door = worlds
    second.upstream = first.upstream
    open_pairs(door, range(1))
    message = of_pair(0, id="a1")
    door.upstream = "test/9"
    door.take(message)
    assert Overlap(first, message, lambda: second.take(message)).take() is Disposition.DUPLICATE
    with door.store.ledger() as ledger:
        assert sum(ledger.receipts.counts().values()) == 2


def test_what_raises_may_have_read_of_several_moments_and_is_asked_again(worlds: list[World]) -> None:
    first, *_ = worlds
    runs = []

    def unit(tx: Transaction) -> int:
        runs.append(tx.head)
        if len(runs) == 1:
            raise AssertionError("what was there is gone")
        return len(runs)

    assert first.writer.submit(unit, beside=True).result(PATIENCE).value == 2


def test_nothing_is_recorded_earlier_than_what_another_recorded_meanwhile(worlds: list[World]) -> None:
    first, second, door = worlds
    open_pairs(door, range(2))
    second.clock.advance(second.clock.now() + timedelta(hours=1))
    Overlap(first, of_pair(0, id="a1"), lambda: second.take(of_pair(1, uid="another"))).take()
    times = [recorded.metadata.recorded_at for recorded in door.store.read(0, 1000)]
    assert times == sorted(times)
    assert times[-1] == second.clock.now()


def test_what_another_wrote_meanwhile_is_known_at_the_next_decision(
    worlds: list[World], caplog: pytest.LogCaptureFixture
) -> None:
    first, second, door = worlds
    open_pairs(door, range(2))
    first.take(of_pair(1, id="a0", uid="u0"))
    first.sequence = 0
    first.upstream = "test/9"
    Overlap(first, of_pair(0, id="a1"), lambda: second.take(of_pair(1, uid="another"))).take()
    first.sequence = 1
    assert first.take(of_pair(1, id="a2", uid="u2")) == [Disposition.APPLIED]
    assert caplog.text == ""


def test_what_another_says_of_who_belongs_where_is_known_at_once(worlds: list[World]) -> None:
    first, _, door = worlds
    open_pair(door, 0)
    assert first.take(scheduled("m1", 30, uid="u1", parties=people(0))) == [Disposition.APPLIED]
    door.close_one(relationship(0))
    assert first.take(scheduled("m2", 60, uid="u2", parties=people(0))) != [Disposition.APPLIED]


@pytest.mark.parametrize(("same", "overtaken"), [(True, 1), (False, 0)])
def test_only_what_was_decided_about_is_to_be_as_it_was(
    same: bool, overtaken: int, worlds: list[World]
) -> None:
    """Beforehand all relationships of those whom a batch names are had in memory; most are nobody's business then."""
    first, second, door = worlds
    open_pairs(door, range(2))
    other = door.also(people(0)[0], people(1)[1])
    about = relationship(0) if same else other
    batch = receive([1], [body(scheduled("m1", 30, uid="u1", parties=people(0)))], [None])
    meanwhile = [scheduled("m2", 40, uid="u2", relationship_id=str(about))]

    def unit(tx: Transaction) -> None:
        take_in(tx, first.resolver, first.upstream, 0, batch)
        while meanwhile:
            second.take(meanwhile.pop())

    first.writer.submit(unit, beside=True).result(PATIENCE)
    assert first.writer.overtaken == overtaken
    with door.store.ledger() as ledger:
        assert ledger.receipts.counts()[Disposition.APPLIED] == 2
