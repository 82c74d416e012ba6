"""Taking in what a provider sent: is it theirs, what does it tell, and in which messages does it travel."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from zoneinfo import ZoneInfo

from pydantic_core import to_json

from workflow.consumers.hooks.hook import Event, Hook, Nothing, Sent, Told, Untranslatable
from workflow.consumers.meetings.envelope import Raw, Unreadable, read
from workflow.consumers.meetings.reasons import WHY_UNTRANSLATED
from workflow.consumers.transport.outgoing import STRUCTURED, Outgoing
from workflow.errors import Invalid, NotFound
from workflow.places import whence

_log = logging.getLogger(__name__)

FAILED = "failed"
"""The reason where a translation came to no end, or raised what nobody foresaw."""


@dataclass(frozen=True, slots=True)
class Untranslated:
    """It was not understood; ``reason`` is a code of ours."""

    reason: str
    fault: str | None = field(default=None, compare=False)
    """Where a mistake of the adapter lies, for the log."""


Taken = tuple[Outgoing, ...] | Nothing | Untranslated

Translating = Callable[[str, Sent], Awaitable[Taken]]
"""Has a provider's body translated."""


class Hooks:
    """The hooks of one service. One that has no secret is closed."""

    def __init__(
        self, hooks: Mapping[str, Hook], secrets: Mapping[str, str], translating: Translating
    ) -> None:
        self._hooks = hooks
        self._secrets = {name: secret.encode() for name, secret in secrets.items()}
        self._translating = translating

    def admit(self, name: str) -> None:
        """Raises where there is no such hook, or it is closed."""
        if name not in self._hooks:
            raise NotFound(
                f"there is no hook of this name; there are {', '.join(sorted(self._hooks))}",
                code="hook_unknown",
            )
        if name not in self._secrets:
            raise Invalid(
                f"the hook {name} is closed: put the secret that it signs with into a file {name} of the folder "
                "that MENTORING_HOOK_SECRETS names, and start the service anew",
                code="hook_closed",
            )

    def check(self, name: str, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        """Raises where the provider did not sign this."""
        self._hooks[name].check(headers, body, self._secrets[name], now)

    async def translate(self, name: str, sent: Sent) -> Taken:
        """What it tells, each message checked against the contract."""
        if name not in self._hooks:
            return Untranslated("provider_unknown")
        found = await self._translating(name, sent)
        if isinstance(found, Untranslated) and found.fault is not None:
            _log.error("what came by the hook %s could not be translated: %s", name, found.fault)
        return found


def taken(hook: Hook, sent: Sent, zone: ZoneInfo) -> Taken:
    """What a provider's body comes to. Nothing here raises, whatever came."""
    try:
        said = hook.translate(sent, zone)
        return said if isinstance(said, Nothing) else _outgoing(said)
    except Untranslatable as untranslatable:
        why = untranslatable.reason
        return Untranslated(why if WHY_UNTRANSLATED.fullmatch(why) else "unnamed")
    except Exception as error:  # noqa: BLE001 whatever it is, what was sent is not lost by it
        return Untranslated(FAILED, whence(error))


def _outgoing(told: Told) -> tuple[Outgoing, ...] | Untranslated:
    messages = []
    for event in told.events:
        body = to_json(event)
        found = read(Raw({"content-type": STRUCTURED}, body))
        if isinstance(found, Unreadable):
            return Untranslated(found.reason)
        messages.append(Outgoing(_key(event), body))
    return tuple(messages)


def _key(event: Event) -> str:
    """The same for one calendar entry, and nothing about people."""
    return blake2b(str(event["data"]["uid"]).encode(), digest_size=8).hexdigest()
