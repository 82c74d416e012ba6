"""Who asks for something, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workflow.aggregates.events import Role


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, and as whom."""

    person: UUID
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """``at`` is when what is reported happened; ``actor`` is None for services and the clock."""

    at: datetime
    actor: Actor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowPolicy(Command):
    """The programme adopted another policy: what follows from it, and what is due, is decided anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassTime(Command):
    """The clock asks: ``at`` is the due instant, ``now`` what the clock shows while asking."""

    now: datetime
