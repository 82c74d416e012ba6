"""Translates what one provider sends: a process that reads bodies from its standard input until that ends.

A translation can go on for ever: a rule that no calendar has, a mistake in another package's hook. Threads cannot be
ended, processes can; this one stays, because the libraries that read calendars take a second to load.
"""

from __future__ import annotations

import os
import resource
import signal
import struct
import sys
from typing import BinaryIO
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from workflow.consumers.hooks.hook import Sent
from workflow.consumers.hooks.registry import find
from workflow.consumers.hooks.taking import Taken, Untranslated, taken

ASKED = struct.Struct(">II")
"""Before a question: the bytes of its media type, and of its body."""

ANSWERED = struct.Struct(">I")
"""Before an answer: its bytes."""

LONGEST_ANSWER = 16 * 1024**2
"""Bytes of what one body comes to: a thousand messages, and more than any calendar has."""

ANSWER: TypeAdapter[Taken] = TypeAdapter(Taken)

_MOST_MEMORY = 1024**3
"""Bytes that it may take: beyond it the translation fails, and not the service beside it."""


def main() -> None:
    """Answer until nobody asks any longer. A first answer, an empty one, says that all is loaded."""
    provider, zone, seconds = sys.argv[1], ZoneInfo(sys.argv[2]), float(sys.argv[3])
    asked, answered = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):  # what a hook reads or prints is no question and no answer
        os.dup2(nothing, standard)
    hook = find(provider)
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    if most == resource.RLIM_INFINITY or most > _MOST_MEMORY:
        resource.setrlimit(resource.RLIMIT_DATA, (_MOST_MEMORY, most))
    os.dup2(nothing, 2)  # what an exception says may hold what was sent, from here on
    _put(answered, b"")
    while (sent := _get(asked)) is not None:
        # Whoever asked ends us in time. Where it was killed itself, nobody would: then we do not live long, either.
        signal.setitimer(signal.ITIMER_REAL, 2 * seconds)
        answer = ANSWER.dump_json(taken(hook, sent, zone))
        signal.setitimer(signal.ITIMER_REAL, 0)
        if len(answer) > LONGEST_ANSWER:
            answer = ANSWER.dump_json(Untranslated("too_much"))
        _put(answered, answer)


def _get(asked: BinaryIO) -> Sent | None:
    head = asked.read(ASKED.size)
    if len(head) < ASKED.size:
        return None
    media, body = ASKED.unpack(head)
    return Sent(asked.read(media).decode(), asked.read(body))


def _put(answered: BinaryIO, answer: bytes) -> None:
    answered.write(ANSWERED.pack(len(answer)) + answer)
    answered.flush()


if __name__ == "__main__":
    main()
