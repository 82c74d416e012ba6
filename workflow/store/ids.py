"""Ids that nobody has: random UUIDs, for many of which the system is asked at once.

Asked for each, it costs a turn of the thread: who asks lets go of the interpreter, and has to wait for it again.
"""

from __future__ import annotations

import os
from uuid import UUID

_AT_ONCE = 256
_BYTES = 16


class NewIds:
    """Gives ids, to any thread. Not to be used on both sides of a fork, where both would be given the same."""

    def __init__(self) -> None:
        self._drawn: list[UUID] = []

    def __call__(self) -> UUID:
        """The next one."""
        while True:
            try:
                return self._drawn.pop()
            except IndexError:
                self._draw()

    def _draw(self) -> None:
        drawn = os.urandom(_BYTES * _AT_ONCE)
        self._drawn += [
            UUID(bytes=drawn[start : start + _BYTES], version=4) for start in range(0, len(drawn), _BYTES)
        ]
