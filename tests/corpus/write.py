"""Writes the corpus of bad inputs: ``python -m tests.corpus.write``. The file it wrote is fixed; review changes.

Every reason is stated by hand, never taken from the code under test.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from tests.corpus.bodies import binaries, encodings, repeated, sizes
from tests.corpus.members import envelopes, members, owners, times
from tests.corpus.words import Bad

FILE = Path(__file__).parent / "bad_messages.json"
NUMBER = 200


def entry(bad: Bad) -> dict[str, Any]:
    name, reason, headers, body = bad
    written: dict[str, Any] = {"name": name, "reason": reason}
    if headers:
        written["headers"] = headers
    if isinstance(body, bytes):
        return written | {"base64": base64.b64encode(body).decode()}
    return written | {"body": body}


def corpus() -> list[dict[str, Any]]:
    kinds = (encodings, repeated, sizes, envelopes, members, owners, times, binaries)
    return [entry(bad) for kind in kinds for bad in kind()]


if __name__ == "__main__":
    FILE.write_text(json.dumps(corpus(), indent=1, ensure_ascii=True) + "\n", "utf-8")
