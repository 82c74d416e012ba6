"""The processes that translate: one a provider, kept for the next body, and ended where one runs over its time."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress

from pydantic import ValidationError

from workflow.consumers.hooks.hook import Sent
from workflow.consumers.hooks.taking import FAILED, Taken, Untranslated
from workflow.consumers.hooks.translating import ANSWER, ANSWERED, ASKED, LONGEST_ANSWER
from workflow.errors import Unavailable

COMMAND = (sys.executable, "-P", "-m", "workflow.consumers.hooks.translating")

LOADED_WITHIN = 60.0
"""Seconds in which a process has to be ready, on a machine that others keep busy."""

MOST_WAITING = 16
"""Bodies of one provider that are translated or wait for it: fewer than all hooks that may be under way, so that one
whose bodies have no end leaves places to the others."""

_log = logging.getLogger(__name__)


class _Broken(Exception):
    """A process ended, or answered what is no answer."""


class _Translator:
    """One process: what it is asked, and what it answers."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        self._asked, self._answered = process.stdin, process.stdout

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def answer(self) -> bytes:
        try:
            (size,) = ANSWERED.unpack(await self._answered.readexactly(ANSWERED.size))
            if size > LONGEST_ANSWER:
                raise _Broken
            return await self._answered.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise _Broken from None

    async def ask(self, sent: Sent) -> Taken:
        media = sent.content_type.encode()
        try:
            self._asked.write(ASKED.pack(len(media), len(sent.body)) + media + sent.body)
            await self._asked.drain()
        except ConnectionError:
            raise _Broken from None
        try:
            return ANSWER.validate_json(await self.answer())
        except ValidationError:
            raise _Broken from None

    async def end(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


class Translators:
    """Has bodies translated, one of each provider at a time: a bad one keeps no other provider waiting."""

    def __init__(self, zone: str, seconds: float, command: Sequence[str] = COMMAND) -> None:
        """``zone`` is for times that name none; ``seconds`` is what a translation may take."""
        self._zone = zone
        self._seconds = seconds
        self._command = command
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: Counter[str] = Counter()
        self._ready: dict[str, _Translator] = {}
        self._closing = asyncio.Event()
        self.ran_over = 0
        """How many bodies took too long, since the start."""
        self._troubles: dict[str, str] = {}

    @property
    def trouble(self) -> str | None:
        """What keeps the bodies of a provider from being translated at all, as long as it does."""
        return next(iter(self._troubles.values()), None)

    async def translate(self, provider: str, sent: Sent) -> Taken:
        """What it comes to: ``failed`` where it takes too long, or ends its process."""
        if self._waiting[provider] >= MOST_WAITING:
            raise Unavailable("too many hooks of this provider are under way; try again", code="busy")
        self._waiting[provider] += 1
        asking = asyncio.create_task(self._in_turn(provider, sent), name="translation")
        closing = asyncio.create_task(self._closing.wait(), name="translators close")
        try:
            await asyncio.wait({asking, closing}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise Unavailable("the service is stopping; send it again", code="stopping")
            return asking.result()
        finally:
            for task in (asking, closing):
                task.cancel()
            self._waiting[provider] -= 1
            await asyncio.wait({asking, closing})

    async def close(self) -> None:
        """End every process. Who waits for a translation is told to send it again."""
        self._closing.set()
        for provider in list(self._turns):
            async with self._turns[provider]:
                if (idle := self._ready.pop(provider, None)) is not None:
                    await idle.end()

    async def _in_turn(self, provider: str, sent: Sent) -> Taken:
        async with self._turns[provider]:
            translator = self._ready.pop(provider, None)
            if translator is not None and not translator.alive:
                translator = None
            if translator is None and (translator := await self._loaded(provider)) is None:
                return Untranslated(FAILED)
            try:
                async with asyncio.timeout(self._seconds):
                    found = await translator.ask(sent)
                self._ready[provider] = translator
                return found
            except TimeoutError:
                self.ran_over += 1
                _log.error(
                    "what came by the hook %s took more than %g s to translate", provider, self._seconds
                )
            except _Broken:
                _log.error("what came by the hook %s ended the process that translates", provider)
            finally:
                if provider not in self._ready:
                    await translator.end()
            return Untranslated(FAILED)

    async def _loaded(self, provider: str) -> _Translator | None:
        """A process that is ready to be asked; None where there can be none now."""
        try:
            translator = await self._started(provider)
        except (OSError, _Broken, TimeoutError) as error:
            kind = type(error).__name__.lstrip("_")
            self._troubles[provider] = f"the process that translates {provider} does not start ({kind})"
            _log.error("%s", self._troubles[provider])
            return None
        self._troubles.pop(provider, None)
        return translator

    async def _started(self, provider: str) -> _Translator:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            *(provider, self._zone, str(self._seconds)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # what an exception says may hold what was sent
            start_new_session=True,  # Ctrl-C is for the service, which ends us in its own order
        )
        translator = _Translator(process)
        try:
            async with asyncio.timeout(LOADED_WITHIN):
                await translator.answer()
        except BaseException:
            await translator.end()
            raise
        return translator
