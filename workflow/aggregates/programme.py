"""A mentoring programme: the aggregate that holds the policy its relationships live under."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workflow.aggregates.commands import Actor
from workflow.aggregates.events import (
    Event,
    PolicyAdopted,
    ProgrammeClosed,
    ProgrammeOpened,
    Provenance,
    Role,
)
from workflow.aggregates.policy import Policy, PolicyInForce
from workflow.errors import Refused

PROGRAMMES = UUID("b7a5c1de-5f0c-5d2e-9b55-0e3a54b6f6aa")
"""The namespace in which a programme's name makes its stream id; never to change."""


def programme_id(name: str) -> UUID:
    """The stream id of the programme of this name."""
    return uuid5(PROGRAMMES, name)


class Programme:
    """The state of a programme. ``closed_at`` is set once it has ended, for good."""

    __slots__ = ("closed_at", "in_force", "name", "opened_at", "version", "zone")

    def __init__(self) -> None:
        self.version = 0
        self.name = ""
        self.zone = "UTC"
        self.in_force: PolicyInForce | None = None
        self.opened_at: datetime | None = None
        self.closed_at: datetime | None = None


def evolve_programme(state: Programme, event: Event) -> None:
    """Apply one event; what it does not know, it passes over."""
    state.version += 1
    match event:
        case ProgrammeOpened():
            state.name, state.zone, state.opened_at = event.programme, event.zone, event.occurred_at
        case PolicyAdopted():
            state.in_force = PolicyInForce(version=event.version, policy=event.document)
        case ProgrammeClosed():
            state.closed_at = event.occurred_at


def replay_programme(events: Sequence[Event]) -> Programme | None:
    """The state after a whole stream, None where the stream is empty or is not a programme's."""
    if not events or not isinstance(events[0], ProgrammeOpened):
        return None
    state = Programme()
    for event in events:
        evolve_programme(state, event)
    return state


def open_programme(name: str, zone: str, policy: Policy, *, now: datetime) -> tuple[Event, ...]:
    """The events that open a programme with its first policy."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Refused(
            f"{zone!r} is no time zone; give one such as Europe/Helsinki", code="zone_unknown"
        ) from None
    return (
        ProgrammeOpened(occurred_at=now, provenance=Provenance.SELF_REPORTED, programme=name, zone=zone),
        PolicyAdopted(occurred_at=now, provenance=Provenance.SELF_REPORTED, version=1, document=policy),
    )


def adopt_policy(
    state: Programme, policy: Policy, *, now: datetime, actor: Actor | None = None
) -> tuple[Event, ...]:
    """The event that adopts another policy; none where it is the one in force.

    ``actor`` is None where the service's own settings name the policy.
    """
    _coordinates(actor)
    still_open(state)
    if state.in_force is not None and state.in_force.policy == policy:
        return ()
    version = state.in_force.version + 1 if state.in_force is not None else 1
    return (
        PolicyAdopted(
            occurred_at=now,
            by=actor.person if actor is not None else None,
            provenance=Provenance.SELF_REPORTED,
            version=version,
            document=policy,
        ),
    )


def close_programme(state: Programme, *, now: datetime, actor: Actor) -> tuple[Event, ...]:
    """The event that ends a programme; none where it has ended."""
    _coordinates(actor)
    if state.closed_at is not None:
        return ()
    return (ProgrammeClosed(occurred_at=now, by=actor.person, provenance=Provenance.SELF_REPORTED),)


def still_open(state: Programme) -> None:
    """Refused where the programme has ended."""
    if state.closed_at is not None:
        raise Refused(
            "the programme is closed: nothing is opened or changed in it any more", code="programme_closed"
        )


def _coordinates(actor: Actor | None) -> None:
    if actor is not None and actor.role not in {Role.COORDINATOR, Role.SERVICE}:
        raise Refused(
            "only a coordinator can do this, or whoever operates the service", code="not_a_coordinator"
        )
