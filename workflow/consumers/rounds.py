"""What a programme asks of all of its relationships: to end with it, or to follow another policy.

A page is one unit of work among others, so that commands and intake go on in between.
"""

from __future__ import annotations

from uuid import UUID

from workflow.aggregates.commands import Actor, Close, FollowPolicy
from workflow.aggregates.events import ClosureManner, ClosureReason, Role
from workflow.aggregates.moves import State
from workflow.consumers.meetings.waiting import drain_later
from workflow.errors import Refused
from workflow.store.recorded import Origin
from workflow.store.rounds import Purpose, Round
from workflow.store.transaction import Transaction

PAGE = 500
"""Relationships asked in one unit of work."""


def go_round(tx: Transaction) -> bool:
    """A page of the first round that has one; whether there is more that can be done at once."""
    pages = {Purpose.CLOSE: _close_page, Purpose.REDATE: _redate_page}
    return any(pages[round.purpose](tx, round) for round in tx.rounds.under_way())


def _redate_page(tx: Transaction, round: Round) -> bool:
    """What a relationship has due is told anew where the policy in force says otherwise."""
    page = tx.directory.page(round.after, PAGE, still_open=False)
    for relationship in _of(tx, round, page):
        tx.decide(relationship, FollowPolicy(at=tx.now), Origin(round.correlation_id))
    if len(page) < PAGE:
        tx.rounds.end(round)
        return False
    tx.rounds.move(round, page[-1], 0)
    return True


def _close_page(tx: Transaction, round: Round) -> bool:
    """Pass by pass, until one finds none to close.

    One can be refused for now, where facts of a clock that is ahead of ours moved it last: a later pass closes it.
    """
    page = tx.directory.page(round.after, PAGE, still_open=True)
    left = list(_of(tx, round, page))
    closed = sum(_closed(tx, round, relationship) for relationship in left)
    found = round.found + len(left)
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


def _of(tx: Transaction, round: Round, page: list[UUID]) -> list[UUID]:
    states = ((relationship, tx.relationship(relationship)) for relationship in page)
    return [id for id, state in states if state is not None and state.programme == round.programme]
