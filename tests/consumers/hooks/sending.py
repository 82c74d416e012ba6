"""What providers send, recorded-like, and what it comes to: shared by the tests of hooks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from workflow.consumers.hooks.hook import Hook, Nothing, Sent
from workflow.consumers.hooks.registry import installed
from workflow.consumers.hooks.taking import Taken, Translating, Untranslated, taken

FILES = Path(__file__).parents[2] / "corpus" / "hooks"
OURS = installed(())
ZONE = ZoneInfo("Europe/Helsinki")
ADA, GRACE, FRIEND = "email:ada@example.org", "email:grace@example.org", "email:friend@example.com"
MEDIA = {".json": "application/json", ".ics": "text/calendar; charset=UTF-8", ".eml": "message/rfc822"}


def file(provider: str, name: str) -> Sent:
    """A body as it came, with its media type."""
    path = FILES / provider / name
    return Sent(MEDIA[path.suffix], path.read_bytes())


def changed(provider: str, name: str, *path: str, to: Any) -> Sent:
    """A JSON body with one member changed."""
    document = json.loads(file(provider, name).body)
    at = document
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = to
    return Sent("application/json", json.dumps(document).encode())


def calendar(*events: str, method: str = "REQUEST", head: str = "") -> Sent:
    """A calendar of the given VEVENTs, each without its first and last line."""
    inside = "".join(f"BEGIN:VEVENT\n{one.strip()}\nEND:VEVENT\n" for one in events)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:{method}\n{head}{inside}END:VCALENDAR\n"
    return Sent("text/calendar; charset=utf-8", text.replace("\n", "\r\n").encode())


def here(hooks: Mapping[str, Hook]) -> Translating:
    """Translates in the tests' own process: hooks that they make are found in no other."""

    async def translate(name: str, sent: Sent) -> Taken:
        return taken(hooks[name], sent, ZONE)

    return translate


def told(provider: str | Hook, sent: Sent) -> list[dict[str, Any]]:
    """The events that it comes to."""
    found = taken(OURS[provider] if isinstance(provider, str) else provider, sent, ZONE)
    assert isinstance(found, tuple), found
    return [json.loads(one.body) for one in found]


def one(provider: str, sent: Sent) -> dict[str, Any]:
    """The one event that it comes to."""
    (event,) = told(provider, sent)
    return event


def untold(provider: str, sent: Sent) -> str:
    """Why it tells nothing."""
    found = taken(OURS[provider], sent, ZONE)
    assert isinstance(found, Nothing), found
    return found.why


def refused(provider: str, sent: Sent) -> str:
    """Why it cannot be translated."""
    found = taken(OURS[provider], sent, ZONE)
    assert isinstance(found, Untranslated), found
    return found.reason
