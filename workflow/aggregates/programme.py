"""A mentoring programme: the aggregate that holds the policy its relationships live under."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workflow.aggregates.events import Event, PolicyAdopted, ProgrammeOpened, Provenance
from workflow.aggregates.policy import Policy, PolicyInForce
from workflow.errors import Refused

PROGRAMMES = UUID("b7a5c1de-5f0c-5d2e-9b55-0e3a54b6f6aa")
"""The namespace in which a programme's name makes its stream id; never to change."""


def programme_id(name: str) -> UUID:
    """The stream id of the programme of this name."""
    return uuid5(PROGRAMMES, name)


class Programme:
    """The state of a programme."""

    __slots__ = ("in_force", "name", "version", "zone")

    def __init__(self) -> None:
        self.version = 0
        self.name = ""
        self.zone = "UTC"
        self.in_force: PolicyInForce | None = None


def evolve_programme(state: Programme, event: Event) -> None:
    """Apply one event; what it does not know, it passes over."""
    state.version += 1
    match event:
        case ProgrammeOpened():
            state.name, state.zone = event.programme, event.zone
        case PolicyAdopted():
            state.in_force = PolicyInForce(version=event.version, policy=event.document)


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


def adopt_policy(state: Programme, policy: Policy, *, now: datetime) -> tuple[Event, ...]:
    """The event that adopts another policy; none where it is the one in force."""
    if state.in_force is not None and state.in_force.policy == policy:
        return ()
    version = state.in_force.version + 1 if state.in_force is not None else 1
    return (
        PolicyAdopted(occurred_at=now, provenance=Provenance.SELF_REPORTED, version=version, document=policy),
    )
