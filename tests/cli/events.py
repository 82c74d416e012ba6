"""Events of meetings, as they are posted, and as lines of a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.web.conftest import PARTIES

CLOUD = {"content-type": "application/cloudevents+json"}
IDENTITIES = [identity for party in PARTIES for identity in party["identities"]]
HELD = {"starts_at": "2026-01-09T10:00:00Z", "ends_at": "2026-01-09T11:00:00Z"}
TIME = "2026-01-09T11:00:00Z"


def event(kind: str, number: int, time: str, **data: Any) -> str:
    """An event of one of the meeting types, about the parties unless it says otherwise."""
    return json.dumps(
        {
            "specversion": "1.0",
            "type": f"mentoring.meeting.{kind}.v1",
            "source": "/calendar",
            "id": str(number),
            "time": time,
            "data": {"uid": f"meeting-{number}", "parties": IDENTITIES, **data},
        }
    )


def held(number: int) -> str:
    """A meeting of one hour took place."""
    return event("held", number, TIME, **HELD)


def written(path: Path, *lines: str) -> Path:
    """A file of these lines."""
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path
