"""What gives a relationship time and support."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workflow.aggregates.commands.command import Command
from workflow.aggregates.sealed import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause(Command):
    """The relationship rests until ``ends_at``, without it for the longest time that the policy allows."""

    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(Command):
    """The relationship goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeSupportContact(Command):
    """A coordinator spoke with the pair, or with one of them."""

    note: Sealed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDestruction(Command):
    """What ``person`` wrote here is to be destroyed; with ``identities`` also by what others know them."""

    person: UUID
    identities: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmDestruction(Command):
    """The key to what ``person`` wrote here has been destroyed."""

    person: UUID
