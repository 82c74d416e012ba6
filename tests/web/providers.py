"""Providers of hooks: which of them a service is open to, and how what they send is signed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tests.consumers.hooks.sending import here
from tests.web.conftest import HOOK_SECRET
from workflow.app import Service
from workflow.consumers.hooks.hook import Hook, Sent
from workflow.consumers.hooks.signatures import sign
from workflow.consumers.hooks.taking import Hooks

SECRET = HOOK_SECRET.encode()


def with_hooks(service: Service, hooks: Mapping[str, Hook], *opened: str) -> None:
    """Have a service know these hooks, and be open to those of them that are named."""
    service.hooks = Hooks(hooks, dict.fromkeys(opened, HOOK_SECRET), here(hooks))


def plain(sent: Sent) -> dict[str, str]:
    """Headers that sign a body alone."""
    return {"content-type": sent.content_type, "x-cal-signature-256": sign(SECRET, sent.body)}


def timed(sent: Sent, at: datetime, header: str = "mentoring-signature") -> dict[str, str]:
    """Headers that sign a body and an instant."""
    seconds = int(at.timestamp())
    signature = sign(SECRET, f"{seconds}.".encode() + sent.body)
    return {"content-type": sent.content_type, header: f"t={seconds},v1={signature}"}
