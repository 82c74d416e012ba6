"""The corpus of bad inputs as it was written, and the bytes that each is sent as."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.corpus.words import PAD
from tests.corpus.write import FILE
from workflow.consumers.meetings.contract import LARGEST_BODY

WRITTEN: list[dict[str, Any]] = json.loads(FILE.read_text("utf-8"))


def bytes_of(bad: dict[str, Any]) -> bytes:
    if "base64" in bad:
        return base64.b64decode(bad["base64"])
    text: str = bad["body"]
    return text.replace(PAD, "x" * (LARGEST_BODY + 1)).encode()
