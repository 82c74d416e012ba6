"""A batch of events, taken apart into the bytes that each event came as.

Written anew, an event might say something else than it did: a member that was there twice would be there
once, a number might lose digits, and half a surrogate pair cannot be written at all.
"""

from __future__ import annotations

import json
import re
from typing import Any

from workflow.errors import Invalid

MOST_IN_A_BATCH = 1000

_FORM = f"a batch is a JSON array of 1 to {MOST_IN_A_BATCH} events, in UTF-8"
_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


def elements(body: bytes) -> list[tuple[Any, bytes]]:
    """Each event of a JSON array with its own bytes, as they were sent."""
    try:
        text = body.decode("utf-8")
        at = _past_space(text, 0)
        found: list[tuple[Any, bytes]] = []
        before = "["
        while len(found) <= MOST_IN_A_BATCH and text[at : at + 1] == before:
            begin = _past_space(text, at + 1)
            event, end = _DECODER.raw_decode(text, begin)
            found.append((event, text[begin:end].encode()))
            at, before = _past_space(text, end), ","
    except (ValueError, RecursionError) as error:
        raise Invalid(_FORM, code="body_malformed") from error
    if not 0 < len(found) <= MOST_IN_A_BATCH or text[at:].rstrip(" \t\n\r") != "]":
        raise Invalid(_FORM, code="body_malformed")
    return found


def _past_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()
