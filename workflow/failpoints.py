"""Places where a test can kill this process, to show that nothing is lost or done twice.

Without ``MENTORING_FAILPOINTS`` in the environment, ``hit`` does nothing. With
``MENTORING_FAILPOINTS="commit.before:2,ack.after:1"`` the process kills itself (SIGKILL: no clean-up runs)
when a named place is passed for the nth time.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "MENTORING_FAILPOINTS"

NAMES = frozenset(
    f"{place}.{when}"
    for place in ("decide", "keys", "append", "commit", "ack", "drain", "projection", "reminder", "delivery")
    for when in ("before", "after")
)
"""Every place there is; a name that is not one of them is refused at start, so that no test waits in vain."""


def parse(text: str) -> dict[str, int]:
    """How often each named place may still be passed, from the variable's text."""
    remaining: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, nth = part.partition(":")
        if name not in NAMES:
            raise ValueError(f"{VARIABLE}: there is no failpoint {name!r}")
        remaining[name] = int(nth or 1)
    return remaining


_remaining = parse(os.environ.get(VARIABLE, ""))


def hit(name: str) -> None:
    """The process passes the place ``name``, and dies there if a test said so."""
    if _remaining and name in _remaining:
        _remaining[name] -= 1
        if _remaining[name] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
