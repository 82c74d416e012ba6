"""How a party finds the dialogue, and what it asks for in private."""

from __future__ import annotations

from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.handlers.handler import Handlers, party_of, said
from workflow.aggregates.policy import PolicyInForce
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.sealed import Sealed
from workflow.errors import Refused

_ANSWERS = range(1, 6)
_OF_THE_MEAN = 3


def _check_in(state: Relationship, command: c.GiveCheckIn, policy: PolicyInForce) -> list[e.Event]:
    party = party_of(state, command)
    answers = command.answers
    given = (answers.new_perspectives, answers.comfort, answers.equality, answers.direction)
    if any(answer is not None and answer not in _ANSWERS for answer in given):
        raise Refused("an answer is a number from 1 to 5", code="answer_unknown")
    if not state.met(until=command.at):
        raise Refused("a check-in follows a meeting; none was held yet", code="no_meeting_held")
    closed_at, known = state.closed_at, state.check_ins.get(party)
    if closed_at is not None and known and known[-1].at >= closed_at:
        raise Refused("this party has given its closing check-in already", code="check_in_given")

    def sealed(answer: int) -> Sealed:
        return Sealed(str(answer), author=party)

    return [
        e.CheckInGiven(
            **said(command),
            policy=policy.version,
            party=party,
            new_perspectives=sealed(answers.new_perspectives),
            comfort=sealed(answers.comfort),
            equality=sealed(answers.equality),
            direction=None if answers.direction is None else sealed(answers.direction),
            note=command.note,
            low=_is_low(answers, command.previous, policy),
        )
    ]


def _is_low(answers: c.Answers, previous: c.Answers | None, policy: PolicyInForce) -> bool:
    """At or under a mean, or so far below the same party's mean before. In thirds, to be exact."""
    limits = policy.policy.dialogue
    if answers.total <= limits.low_mean * _OF_THE_MEAN:
        return True
    return previous is not None and previous.total - answers.total >= limits.drop * _OF_THE_MEAN


def _consent(state: Relationship, command: c.GiveCheckInConsent, policy: PolicyInForce) -> list[e.Event]:
    party = party_of(state, command)
    return [] if party in state.consents else [e.CheckInConsentGiven(**said(command), party=party)]


def _withdraw(state: Relationship, command: c.WithdrawCheckInConsent, policy: PolicyInForce) -> list[e.Event]:
    party = party_of(state, command)
    return [e.CheckInConsentWithdrawn(**said(command), party=party)] if party in state.consents else []


def _ask_for_help(state: Relationship, command: c.AskForHelp, policy: PolicyInForce) -> list[e.Event]:
    return [e.HelpAsked(**said(command), party=party_of(state, command), message=command.message)]


HANDLERS: Handlers = {
    c.GiveCheckIn: _check_in,
    c.GiveCheckInConsent: _consent,
    c.WithdrawCheckInConsent: _withdraw,
    c.AskForHelp: _ask_for_help,
}
