"""The roles of one service, each in two processes, of which one after the other is killed where it hurts."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

import httpx

from tests.end_to_end.service import Request
from tests.patience import PATIENCE
from tests.roles.processes import Died, Serving

OPERATOR = "service dddddddd-0000-4000-8000-000000000004"


class Crew:
    """Two processes of each role: whoever stands by goes on where the other died, and another stands by then.

    ``deadly`` tells for each role at which failpoints its processes are killed, each at one of them. For the roles
    that are ``together`` one process stands by, in place of one for each.
    """

    def __init__(
        self, settings: Mapping[str, str], deadly: Mapping[str, Sequence[str]], *together: str
    ) -> None:
        self._settings = settings
        self._together = " ".join(together)
        self._left = {
            role: deque(failpoints if role in together else [*failpoints, ""])
            for role, failpoints in deadly.items()
        }
        self._there: defaultdict[str, list[Serving]] = defaultdict(list)
        self._to_die = Counter[str]()
        self._stack = AsyncExitStack()
        self._watching: list[asyncio.Task[None]] = []
        self._coming = 0
        self.kills: list[str] = []

    async def __aenter__(self) -> Self:
        try:
            first = await asyncio.gather(*map(self._begin, self._left))
            standing_by = [role for role, left in self._left.items() if left]  # once the others are at work
            if self._together:
                self._left[self._together] = deque([""])
                standing_by.append(self._together)
            others = await asyncio.gather(*map(self._begin, standing_by))
        except BaseException:
            await self._stack.aclose()
            raise
        self._watching = [
            asyncio.create_task(self._watch(*one)) for one in (*first, *others) if one is not None
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        await self._stack.aclose()

    @property
    def all_dead(self) -> bool:
        """Whether all have died that were to, and each role has somebody left."""
        for task in self._watching:
            if task.done():
                task.result()
        return all(task.done() for task in self._watching)

    async def relieved(self) -> None:
        """Wait until somebody stands by again for each one that has died."""
        async with asyncio.timeout(PATIENCE):
            while self._coming and not self.all_dead:  # noqa: ASYNC110 one that died tells nobody
                await asyncio.sleep(0.05)

    async def ask(self, request: Request) -> Any:
        """Ask whichever door answers, again where one died or cannot at present."""
        headers = {"Mentoring-Actor": request.actor}
        if request.key is not None:
            headers["Idempotency-Key"] = request.key
        async with asyncio.timeout(PATIENCE):
            while True:
                for door in self._doors():
                    try:
                        answer = await door.http.request(
                            request.method, request.path, json=request.body, headers=headers
                        )
                    except (httpx.TransportError, RuntimeError):  # it is dead, or known to be
                        continue
                    if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                        assert answer.is_success, f"{request.path}: {answer.status_code} {answer.text}"
                        return answer.json()
                await asyncio.sleep(0.1)

    async def ask_all(self, requests: Iterable[Request]) -> None:
        """One after the other."""
        for request in requests:
            await self.ask(request)

    async def read(self, path: str, so: Callable[[Any], bool] = lambda _: True) -> Any:
        """What a door answers, once it is so."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = await self.ask(Request("GET", path, OPERATOR))
                if so(found):
                    return found
                await asyncio.sleep(0.05)

    async def end(self) -> None:
        """Tell all to end; each finishes what it has begun."""
        for task in self._watching:
            task.cancel()
        alive = [serving for there in self._there.values() for serving in there]
        assert not any(await asyncio.gather(*(one.end(signal.SIGTERM) for one in alive)))

    # --- inside -------------------------------------------------------------------------------------------

    def _doors(self) -> list[Serving]:
        """Those that are there, another one first each time."""
        doors = self._there["api"]
        doors[:] = [*doors[1:], *doors[:1]]
        return list(doors)

    async def _begin(self, role: str) -> tuple[str, Serving] | None:
        """The next one of a role, if there is any; one that dies before it answers has done what it was to."""
        while self._has_next(role):
            failpoint = self._left[role].popleft()
            self._to_die[role] += bool(failpoint)
            serving = Serving(self._settings, *role.split(), failpoints=failpoint)
            try:
                await self._stack.enter_async_context(serving)
            except Died:
                assert await serving.gone() == -signal.SIGKILL
                self._died(role, failpoint)
            else:
                self._there[role].append(serving)
                return failpoint, serving
        return None

    async def _watch(self, failpoint: str, serving: Serving) -> None:
        while failpoint:
            how = await serving.gone()
            role = " ".join(serving.roles)
            self._there[role].remove(serving)
            assert how == -signal.SIGKILL, f"{role}, to die at {failpoint}, ended with {how}"
            self._died(role, failpoint)
            self._coming += 1
            begun = await self._begin(role)
            self._coming -= 1
            if begun is None:
                return
            failpoint, serving = begun

    def _has_next(self, role: str) -> bool:
        """The one that lives comes last: at work before another that is to die, it would keep that one alive."""
        left = self._left[role]
        return bool(left) and (left[0] != "" or not self._to_die[role])

    def _died(self, role: str, failpoint: str) -> None:
        self._to_die[role] -= 1
        self.kills.append(f"{role} {failpoint}")
