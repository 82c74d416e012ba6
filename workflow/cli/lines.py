"""JSON lines of events, read as they come and never more of them than are being sent."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import NamedTuple

from workflow.consumers.meetings.contract import LARGEST_BODY

_READ_AT_ONCE = 64 * 1024
_CHUNKS_AHEAD = 4
_TOO_LARGE = "too_large"


class Line(NamedTuple):
    """One line that is not blank. ``fault`` is the code of why it is not sent, None where it can be."""

    number: int
    body: bytes
    fault: str | None = None


class Splitter:
    """Takes bytes apart into lines; of a line that is too large it keeps nothing but its number."""

    def __init__(self) -> None:
        self.lines = 0
        """How many lines there were, blank ones too."""
        self._begun = bytearray()
        self._overflown = False

    def take(self, chunk: bytes) -> list[Line]:
        """The lines that are complete by now."""
        found: list[Line] = []
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            self._add(part)
            found += self._end()
        self._add(rest)
        return found

    def close(self) -> list[Line]:
        """The last line, where no line break ends it."""
        return self._end() if self._begun or self._overflown else []

    def _add(self, part: bytes) -> None:
        if self._overflown:
            return
        self._begun += part
        # Blanks around an event are not counted against it; but a line of blanks alone must end some day, too.
        if len(self._begun) > LARGEST_BODY and (
            len(self._begun) > 2 * LARGEST_BODY or len(self._begun.strip()) > LARGEST_BODY
        ):
            self._overflown = True
            self._begun.clear()

    def _end(self) -> list[Line]:
        self.lines += 1
        body, overflown = bytes(self._begun).strip(), self._overflown
        self._begun.clear()
        self._overflown = False
        if overflown:
            return [Line(self.lines, b"", _TOO_LARGE)]
        return [Line(self.lines, body, _fault(body))] if body else []


def _fault(body: bytes) -> str | None:
    """Why the service would not take it in a batch; what it makes of the rest is for intake to find."""
    try:
        event = json.loads(body.decode("utf-8"))
    except UnicodeDecodeError:
        return "not_utf8"
    except (ValueError, RecursionError):
        return "not_json"
    return None if isinstance(event, dict) else "not_an_object"


class Source:
    """A file or pipe, read by a thread of its own: one that waits for a pipe cannot be interrupted.

    At most a few chunks are read ahead. ``read`` is told how many bytes were read so far.
    """

    def __init__(self, handle: int, heed: Callable[[int], None] = lambda _: None) -> None:
        self._handle = handle
        self._heed = heed
        self._splitter = Splitter()
        self._chunks: deque[list[Line] | OSError | None] = deque()
        self._room = threading.Semaphore(_CHUNKS_AHEAD)
        self._arrived = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._read = 0

    @property
    def lines(self) -> int:
        """How many lines were read, blank ones too."""
        return self._splitter.lines

    async def batches(self, most: int) -> AsyncIterator[list[Line]]:
        """What has arrived, so many lines at most at a time; it waits only where there is none."""
        threading.Thread(target=self._follow, name="lines", daemon=True).start()
        held: deque[Line] = deque()
        ended = False
        while held or not ended:
            while len(held) < most and not ended and (self._chunks or not held):
                if not self._chunks:
                    self._arrived.clear()
                    if not self._chunks:
                        await self._arrived.wait()
                    continue
                chunk = self._chunks.popleft()
                self._room.release()
                if isinstance(chunk, OSError):
                    raise chunk
                ended = chunk is None
                held += chunk or ()
            if held:
                yield [held.popleft() for _ in range(min(most, len(held)))]

    def _follow(self) -> None:
        try:
            while chunk := os.read(self._handle, _READ_AT_ONCE):
                self._read += len(chunk)
                self._give(self._splitter.take(chunk))
            self._give(self._splitter.close())
        except OSError as error:
            self._give(error)
        else:
            self._give(None)

    def _give(self, chunk: list[Line] | OSError | None) -> None:
        self._room.acquire()
        self._chunks.append(chunk)
        with suppress(RuntimeError):  # nobody listens any more
            self._loop.call_soon_threadsafe(self._tell, self._read)

    def _tell(self, read: int) -> None:
        self._arrived.set()
        self._heed(read)
