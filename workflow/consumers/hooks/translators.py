"""The processes that translate: one a provider, kept for the next body, and ended where one runs over its time."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence

from workflow.consumers.hooks.hook import Sent
from workflow.consumers.hooks.taking import FAILED, Taken, Untranslated
from workflow.consumers.hooks.translator import Broken, NotStarted, Translator
from workflow.errors import Unavailable

COMMAND = (sys.executable, "-P", "-m", "workflow.consumers.hooks.translating")

MOST_WAITING = 16
"""Bodies of one provider that are translated or wait for it."""

SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before a process that did not start is tried again: twice as long after every time."""

_log = logging.getLogger(__name__)


class Translators:
    """Has bodies translated, one of each provider at a time: a bad one keeps no other provider waiting."""

    def __init__(
        self,
        zone: str,
        seconds: float,
        command: Sequence[str] = COMMAND,
        *,
        shortest_pause: float = SHORTEST_PAUSE,
    ) -> None:
        """``zone`` is for times that name none; ``seconds`` is what a translation may take."""
        self._zone = zone
        self._seconds = seconds
        self._command = command
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: Counter[str] = Counter()
        self._ready: dict[str, Translator] = {}
        self._closing = asyncio.Event()
        self._shortest_pause = shortest_pause
        self._mending: dict[str, asyncio.Task[None]] = {}
        self.ran_over = 0
        """How many bodies took too long, since the start."""
        self._troubles: dict[str, str] = {}

    @property
    def troubles(self) -> tuple[str, ...]:
        """What keeps the bodies of each provider from being translated at all, as long as it does."""
        return tuple(self._troubles.values())

    async def translate(self, provider: str, sent: Sent) -> Taken:
        """What it comes to: ``failed`` where it takes too long, or ends its process.

        Where there is no process the fault is not the body's, and it is to be sent again.
        """
        self._refuse_if_in_trouble(provider)
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
        mending = list(self._mending.values())
        for task in mending:
            task.cancel()
        await asyncio.gather(*mending, return_exceptions=True)
        for provider in list(self._turns):
            async with self._turns[provider]:
                if (idle := self._ready.pop(provider, None)) is not None:
                    await idle.end()

    async def _in_turn(self, provider: str, sent: Sent) -> Taken:
        async with self._turns[provider]:
            self._refuse_if_in_trouble(provider)
            translator = self._ready.pop(provider, None)
            if translator is None or not translator.alive:
                translator = await self._loaded(provider)
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
            except Broken:
                _log.error("what came by the hook %s ended the process that translates", provider)
            finally:
                if provider not in self._ready:
                    await translator.end()
            return Untranslated(FAILED)

    async def _loaded(self, provider: str) -> Translator:
        """A process that is ready to be asked. Where it does not start, it is tried again until one does."""
        try:
            return await self._started(provider)
        except NotStarted as error:
            self._tell(provider, error)
            if not self._closing.is_set():
                self._mending[provider] = asyncio.create_task(
                    self._mend(provider), name=f"mending {provider}"
                )
            raise self._busy(provider) from error

    async def _mend(self, provider: str) -> None:
        """Try again by itself: nobody need send anything for health to be well again."""
        pause = self._shortest_pause
        while provider in self._troubles:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            async with self._turns[provider]:
                try:
                    self._ready[provider] = await self._started(provider)
                except NotStarted as error:
                    self._tell(provider, error)
                else:
                    del self._troubles[provider]
                    _log.info("what comes by the hook %s is translated again", provider)

    def _tell(self, provider: str, error: NotStarted) -> None:
        # Nothing was sent to it yet: what it says holds none of it. Health is for everybody, and tells the kind alone.
        self._troubles[provider] = f"the process that translates {provider} does not start ({error.kind})"
        _log.error("%s: %s", self._troubles[provider], error.said or "it said nothing")

    def _refuse_if_in_trouble(self, provider: str) -> None:
        if provider in self._troubles:
            raise self._busy(provider)

    def _busy(self, provider: str) -> Unavailable:
        return Unavailable(f"{self._troubles[provider]}; send it again later", code="busy")

    async def _started(self, provider: str) -> Translator:
        return await Translator.started((*self._command, provider, self._zone, str(self._seconds)))
