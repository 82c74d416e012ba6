"""What a programme asks of all its relationships: page by page, from where it was, until a pass finds none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.consumers import rounding
from tests.consumers.rounding import OPERATOR, OTHER, PAGE, PAIRS, pair
from tests.consumers.world import ORIGIN, START, World, scheduled
from tests.patience import PATIENCE
from workflow.aggregates import commands as c
from workflow.aggregates.policy import Policy
from workflow.app.rounds import Rounds
from workflow.consumers import rounds
from workflow.failpoints import VARIABLE
from workflow.store.receipts import Disposition
from workflow.store.transaction import Transaction


@pytest.fixture
def three(world: World, monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """Three relationships, and pages of two."""
    monkeypatch.setattr(rounds, "PAGE", 2)
    return sorted(world.open(f"ext:mentor:{n}", f"ext:mentee:{n}") for n in range(3))


def closing(world: World) -> None:
    world.do(lambda tx: tx.close_programme("default", ORIGIN, actor=OPERATOR))


def adopting(world: World, policy: Policy = OTHER) -> None:
    world.do(lambda tx: tx.adopt_policy("default", policy, ORIGIN, actor=OPERATOR))


def told(world: World, relationship: UUID) -> list[str]:
    return [one.event.name.split(".")[1] for one in world.store.stream(relationship)]


def _met_ahead(tx: Transaction, relationship: UUID) -> None:
    """Both commit themselves, and their first meeting ends ten hours after our clock."""
    state = tx.relationship(relationship)
    assert state is not None
    for person, role in state.parties.items():
        tx.decide(relationship, c.ConfirmCommitment(at=tx.now, actor=c.Actor(person, role)), ORIGIN)
    ends_at = tx.now + timedelta(hours=10)
    held = c.ReportHeld(
        at=ends_at,
        uid="ahead",
        source="portal",
        message="1",
        starts_at=ends_at - timedelta(hours=1),
        ends_at=ends_at,
    )
    assert tx.decide(relationship, held, ORIGIN).state.state == "active"


def under_way(world: World) -> int:
    with world.store.ledger() as ledger:
        return len(ledger.rounds.under_way())


def test_a_programme_closes_its_relationships_a_page_at_a_time(world: World, three: list[UUID]) -> None:
    closing(world)
    assert [told(world, one).count("closed") for one in three] == [0, 0, 0]
    assert world.do(rounds.go_round)
    assert [told(world, one).count("closed") for one in three] == [1, 1, 0]
    while world.do(rounds.go_round):
        pass
    assert [told(world, one).count("closed") for one in three] == [1, 1, 1]
    assert under_way(world) == 0
    (closed,) = [one for one in world.store.stream(three[0]) if one.event.name == "mentoring.closed.v1"]
    said = closed.event.model_dump(mode="json")
    assert (said["manner"], said["reason"]) == ("administrative", "programme_ended")
    assert (closed.event.by, closed.metadata.correlation_id) == (OPERATOR.person, ORIGIN.correlation_id)


def test_meetings_from_then_on_are_nobodys_and_earlier_ones_are_still_taken_in(
    world: World, three: list[UUID]
) -> None:
    world.clock.advance(START + timedelta(days=20))
    closing(world)
    while world.do(rounds.go_round):
        pass
    parties = ["ext:mentor:0", "ext:mentee:0"]
    came = world.take(
        scheduled("1", day=21, uid="late", parties=parties),
        scheduled("2", day=5, uid="before", parties=parties),
    )
    assert came == [Disposition.WAITING, Disposition.APPLIED]


def test_what_several_fitted_is_the_one_that_is_left(world: World) -> None:
    world.do(lambda tx: tx.open_programme("other", "Europe/Helsinki", Policy(), ORIGIN))
    world.open("ext:mentor:0", "ext:mentee:0")
    kept = world.also("ext:mentor:0", "ext:mentee:0", programme="other")
    assert world.take(scheduled("1", parties=["ext:mentor:0", "ext:mentee:0"])) == [Disposition.WAITING]
    closing(world)
    while world.do(rounds.go_round):
        pass
    assert world.disposition(1) is Disposition.WAITING
    while world.go_on():
        pass
    assert world.disposition(1) is Disposition.APPLIED
    assert told(world, kept).count("meeting_scheduled") == 1


def test_one_that_is_closed_already_is_left_alone(world: World, three: list[UUID]) -> None:
    world.close_one(three[1])
    closing(world)
    while world.do(rounds.go_round):
        pass
    assert [told(world, one).count("closed") for one in three] == [1, 1, 1]


def test_one_that_cannot_be_closed_yet_is_closed_by_a_later_pass(world: World, three: list[UUID]) -> None:
    """A clock that is ahead of ours told of a meeting that has moved it into a state not entered yet."""
    oral = Policy.model_validate({"agreement": {"form": "none"}})
    adopting(world, oral)
    world.do(rounds.go_round)
    world.do(lambda tx: _met_ahead(tx, three[0]))
    closing(world)
    for _ in range(6):
        world.do(rounds.go_round)
    assert [told(world, one).count("closed") for one in three] == [0, 1, 1]
    assert under_way(world) == 1
    world.clock.advance(START + timedelta(hours=12))
    while world.do(rounds.go_round):
        pass
    world.do(rounds.go_round)
    assert told(world, three[0]).count("closed") == 1
    assert under_way(world) == 0


def test_a_policy_is_followed_by_every_relationship_and_told_where_it_changes_something(
    world: World, three: list[UUID]
) -> None:
    world.close_one(three[1])
    adopting(world)
    while world.do(rounds.go_round):
        pass
    assert [told(world, one).count("agenda_revised") for one in three] == [1, 0, 1]
    assert under_way(world) == 0
    before = world.store.head()
    adopting(world)
    assert (world.store.head(), under_way(world)) == (before, 0)


def test_another_one_adopted_meanwhile_begins_the_round_anew(world: World, three: list[UUID]) -> None:
    adopting(world)
    assert world.do(rounds.go_round)
    adopting(world, Policy())
    while world.do(rounds.go_round):
        pass
    # The two that had followed go back; the third never left what is in force again.
    assert [told(world, one).count("agenda_revised") for one in three] == [2, 2, 0]


def test_others_programmes_are_not_asked(world: World, three: list[UUID]) -> None:
    world.do(lambda tx: tx.open_programme("other", "Europe/Helsinki", Policy(), ORIGIN))
    world.do(lambda tx: tx.close_programme("other", ORIGIN, actor=OPERATOR))
    while world.do(rounds.go_round):
        pass
    assert [told(world, one).count("closed") for one in three] == [0, 0, 0]
    assert under_way(world) == 0


# --- one that cannot be asked ------------------------------------------------------------------------------


@pytest.fixture
def unaskable(monkeypatch: pytest.MonkeyPatch) -> set[UUID]:
    """Relationships that the rules cannot be asked about, for as long as they are in here."""
    faulty: set[UUID] = set()
    decide = Transaction.decide

    def deciding(tx: Transaction, id: UUID, *rest: Any, **more: Any) -> Any:
        if id in faulty:
            raise RuntimeError("the rules of a relationship run in a circle")
        return decide(tx, id, *rest, **more)

    monkeypatch.setattr(Transaction, "decide", deciding)
    return faulty


async def test_one_that_cannot_be_asked_keeps_no_other_from_following(
    world: World, three: list[UUID], unaskable: set[UUID], caplog: pytest.LogCaptureFixture
) -> None:
    unaskable.add(three[0])
    adopting(world)
    await Rounds(world.store, world.writer).go()
    assert [told(world, one).count("agenda_revised") for one in three] == [0, 1, 1]
    assert under_way(world) == 0
    (record,) = [one for one in caplog.records if "cannot be asked" in one.getMessage()]
    assert str(three[0]) in record.getMessage()


async def test_nor_from_being_closed_and_is_closed_itself_once_it_can_be(
    world: World, three: list[UUID], unaskable: set[UUID], caplog: pytest.LogCaptureFixture
) -> None:
    """Nor does it keep another programme's round from its end."""
    world.do(lambda tx: tx.open_programme("other", "Europe/Helsinki", Policy(), ORIGIN))
    world.do(lambda tx: tx.close_programme("other", ORIGIN, actor=OPERATOR))
    unaskable.add(three[0])
    closing(world)
    asking = Rounds(world.store, world.writer)
    for _ in range(3):
        await asking.go()
    assert [told(world, one).count("closed") for one in three] == [0, 1, 1]
    with world.store.ledger() as ledger:
        assert [round.programme for round in ledger.rounds.under_way()] == ["default"]
    assert len([one for one in caplog.records if "cannot be asked" in one.getMessage()]) == 1
    unaskable.clear()
    for _ in range(2):
        await asking.go()
    assert [told(world, one).count("closed") for one in three] == [1, 1, 1]
    assert under_way(world) == 0


# --- killed -----------------------------------------------------------------------------------------------


def run(folder: Path, kill: str = "") -> int:
    command = [sys.executable, "-m", rounding.__name__, str(folder)]
    return subprocess.run(
        command, env={**os.environ, VARIABLE: kill}, check=False, timeout=PATIENCE
    ).returncode


@pytest.mark.parametrize("place", ["append.before", "commit.before", "commit.after"])
def test_killed_between_pages_the_next_start_goes_on(tmp_path: Path, place: str) -> None:
    assert run(tmp_path, f"commit.after:{PAIRS + 3}") == -signal.SIGKILL  # the programme is closed
    for _ in range(3):
        assert run(tmp_path, f"{place}:{2 if place.startswith('append') else 4}") == -signal.SIGKILL
    assert run(tmp_path) == 0
    world = World(tmp_path)
    closed = Counter(tuple(told(world, pair(number))).count("closed") for number in range(PAIRS))
    assert closed == {1: PAIRS}
    assert under_way(world) == 0
    assert PAIRS > 3 * PAGE
    world.close()
