"""One process that translates: what it is asked, what it answers, and what it said where it did not start."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

from pydantic import ValidationError

from workflow.consumers.hooks.hook import Sent
from workflow.consumers.hooks.taking import Taken
from workflow.consumers.hooks.translating import ANSWER, ANSWERED, ASKED, LONGEST_ANSWER

LOADED_WITHIN = 60.0
"""Seconds in which a process has to be ready, on a machine that others keep busy."""

_MOST_SAID = 2048
"""Bytes of what it said last, before it was ready."""

_HEARD_WITHIN = 1.0
"""Seconds for what an ended process said: a process of its own may hold the other end still."""


class Broken(Exception):
    """A process ended, or answered what is no answer."""


class NotStarted(Exception):
    """A process is not ready: ``kind`` is that of the error, ``said`` what it wrote before it was asked anything."""

    def __init__(self, error: Exception, said: str) -> None:
        super().__init__(said)
        self.kind = type(error).__name__
        self.said = said


class Translator:
    """One process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._asked, self._answered = process.stdin, process.stdout
        self._said = b""
        # Read for as long as it writes, which it does until it is ready: else it would wait for us.
        self._hearing = asyncio.create_task(self._hear(process.stderr), name="what a translator says")

    @classmethod
    async def started(cls, command: Sequence[str]) -> Self:
        """One that is ready to be asked; ``NotStarted`` where it does not come to that."""
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the service, which ends us in its own order
            )
        except OSError as error:
            raise NotStarted(error, error.strerror or "") from error
        translator = cls(process)
        try:
            async with asyncio.timeout(LOADED_WITHIN):
                await translator._answer()
        except (Broken, TimeoutError) as error:
            raise NotStarted(error, await translator._last_said()) from error
        except BaseException:
            await translator.end()
            raise
        return translator

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.returncode is None

    async def ask(self, sent: Sent) -> Taken:
        """What a body comes to; ``Broken`` where there is no answer."""
        media = sent.content_type.encode()
        try:
            self._asked.write(ASKED.pack(len(media), len(sent.body)) + media + sent.body)
            await self._asked.drain()
        except ConnectionError:
            raise Broken from None
        try:
            return ANSWER.validate_json(await self._answer())
        except ValidationError:
            raise Broken from None

    async def end(self) -> None:
        """Kill it, and wait until it has gone."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._hearing.cancel()

    async def _answer(self) -> bytes:
        try:
            (size,) = ANSWERED.unpack(await self._answered.readexactly(ANSWERED.size))
            if size > LONGEST_ANSWER:
                raise Broken
            return await self._answered.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise Broken from None

    async def _hear(self, stream: asyncio.StreamReader) -> None:
        while some := await stream.read(_MOST_SAID):
            self._said = (self._said + some)[-_MOST_SAID:]

    async def _last_said(self) -> str:
        with suppress(ProcessLookupError):
            self._process.kill()
        try:
            await asyncio.wait({self._hearing}, timeout=_HEARD_WITHIN)
        finally:
            await self.end()
        return " / ".join(line for line in self._said.decode("utf-8", "replace").splitlines() if line.strip())
