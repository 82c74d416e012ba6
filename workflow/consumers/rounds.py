"""What a programme asks of all of its relationships: to end with it, or to follow another policy.

A page is one unit of work among others, so that commands and intake go on in between.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from workflow.aggregates.commands import Actor, Close, FollowPolicy
from workflow.aggregates.events import ClosureManner, ClosureReason, Role
from workflow.aggregates.moves import State
from workflow.consumers.meetings.waiting import drain_later
from workflow.consumers.unaskable import Faults
from workflow.errors import Refused
from workflow.store.recorded import Origin
from workflow.store.rounds import Purpose, Round
from workflow.store.transaction import Transaction

PAGE = 500
"""Relationships asked in one unit of work."""


def go_round(tx: Transaction, left: Collection[UUID] = ()) -> bool:
    """A page of the first round that has one; whether there is more that can be done at once.

    Relationships that cannot be asked fail the page with ``PageUnaskable``, so that they can be ``left``. Who follows
    another policy then does so once the clock can ask it; a closing goes on until it was closed.
    """
    pages = {Purpose.CLOSE: _close_page, Purpose.REDATE: _redate_page}
    return any(pages[round.purpose](tx, round, left) for round in tx.rounds.under_way())


def _redate_page(tx: Transaction, round: Round, left: Collection[UUID]) -> bool:
    """What a relationship has due is told anew where the policy in force says otherwise."""
    page = tx.directory.page(round.after, PAGE, still_open=False)
    faults = Faults()
    for relationship in page:
        if relationship not in left:
            with faults.of(relationship):
                if _is_of(tx, round, relationship):
                    tx.decide(relationship, FollowPolicy(at=tx.now), Origin(round.correlation_id))
    faults.give_up()
    if len(page) < PAGE:
        tx.rounds.end(round)
        return False
    tx.rounds.move(round, page[-1], 0)
    return True


def _close_page(tx: Transaction, round: Round, left: Collection[UUID]) -> bool:
    """Pass by pass, until one finds none to close.

    One can be refused for now, where facts of a clock that is ahead of ours moved it last: a later pass closes it.
    """
    page = tx.directory.page(round.after, PAGE, still_open=True)
    found, closed, faults = round.found, 0, Faults()
    for relationship in page:
        if relationship in left:
            found += _may_be_of(tx, round, relationship)
            continue
        with faults.of(relationship):
            if _is_of(tx, round, relationship):
                found += 1
                closed += _closed(tx, round, relationship)
    faults.give_up()
    if len(page) == PAGE:
        tx.rounds.move(round, page[-1], found)
        return True
    if found == 0:
        tx.rounds.end(round)
        return False
    tx.rounds.move(round, None, 0)
    return closed > 0


def _closed(tx: Transaction, round: Round, relationship: UUID) -> bool:
    assert round.person is not None  # a programme is closed by somebody
    command = Close(
        at=tx.now,
        actor=Actor(round.person, Role.SERVICE),
        manner=ClosureManner.ADMINISTRATIVE,
        reason=ClosureReason.PROGRAMME_ENDED,
    )
    try:
        decision = tx.decide(relationship, command, Origin(round.correlation_id))
    except Refused:
        return False
    assert decision.state.state is State.CLOSURE
    tx.directory.close(relationship, tx.now)
    drain_later(tx, decision.state.parties)
    return True


def _is_of(tx: Transaction, round: Round, relationship: UUID) -> bool:
    state = tx.relationship(relationship)
    return state is not None and state.programme == round.programme


def _may_be_of(tx: Transaction, round: Round, relationship: UUID) -> bool:
    try:
        return _is_of(tx, round, relationship)
    except Exception:  # noqa: BLE001 one that cannot even be read may be of any programme
        return True
