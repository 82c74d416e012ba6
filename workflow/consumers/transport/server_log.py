"""What the NATS server says of itself, kept in two files, and heard where it can store nothing any more."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

LARGEST = 10_000_000
"""Bytes of one file; what is older than two of them is forgotten."""

_STORES_NOTHING = (b"ritical write error", b"JetStream out of ")
"""After these words the server refuses or ignores what is published until it is started anew."""


class ServerLog:
    """One log, written for as long as a server speaks. What no disk has room for is left out."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def follow(self, said: asyncio.StreamReader, stores_nothing: asyncio.Event) -> None:
        """Keep what is ``said`` to its end, and tell where it means that nothing can be stored."""
        end_before = b""
        while part := await said.read(65_536):
            with suppress(OSError):
                self._keep(part)
            heard = end_before + part
            if any(words in heard for words in _STORES_NOTHING):
                stores_nothing.set()
            end_before = heard[-64:] if not stores_nothing.is_set() else b""

    def _keep(self, part: bytes) -> None:
        if self.path.exists() and self.path.stat().st_size + len(part) > LARGEST:
            self.path.replace(self.path.with_name(f"{self.path.name}.1"))
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, part)
        finally:
            os.close(handle)
