"""Bodies as they come: within their time and size, and of those whom nobody knows yet only a few at once."""

from __future__ import annotations

import asyncio

from fastapi import HTTPException
from starlette.types import Message, Receive

STRANGERS_AT_ONCE = 64
"""Bodies that are waited for of requests that have shown neither a token nor a signature; each may be in memory."""

STRANGERS_OF_ONE = 16
"""Of these, those of one address: behind a proxy all requests have the same."""

STRANGERS_WITHIN = 3.0
"""Seconds in which such a body has to come."""


class Body:
    """One request's: there is one deadline for all parts of it, and a limit to their size."""

    def __init__(self, receive: Receive, largest: int, seconds: float) -> None:
        self._receive = receive
        self._largest = largest
        self._seconds = seconds
        self._deadline: float | None = None
        self._waiting: asyncio.Timeout | None = None
        self._given_up = False
        self._size = 0
        self._whole = False

    async def receive(self) -> Message:
        """The next part; what comes after the last one is only that the client goes away."""
        if self._whole:
            return await self._receive()
        if self._deadline is None:
            self.begin()
            self._deadline = asyncio.get_running_loop().time() + self._seconds
        # Refused by the framework's own class: that one passes through its reading of a body as it is.
        try:
            async with asyncio.timeout_at(self._deadline) as self._waiting:
                message = await self._receive()
        except TimeoutError:
            self._refuse_if_given_up()
            raise HTTPException(408, headers={"Connection": "close"}) from None
        finally:
            self._waiting = None
        self._refuse_if_given_up()
        self._size += len(message.get("body", b""))
        if self._size > self._largest:
            raise HTTPException(413)
        if not message.get("more_body", False):
            self._whole = True
            self.leave()
        return message

    def begin(self) -> None:
        """Before the first part."""

    def leave(self) -> None:
        """Once nothing more of it is waited for."""

    def give_up(self) -> None:
        """Wait for it no longer: others need its place."""
        self._given_up = True
        if self._waiting is not None:
            self._waiting.reschedule(asyncio.get_running_loop().time())

    def _refuse_if_given_up(self) -> None:
        if self._given_up:
            raise HTTPException(503, headers={"Connection": "close", "Retry-After": "1"})


class Strangers:
    """The bodies of those whom nobody knows yet.

    Where there are too many, the one is given up that has been waited for longest, of the same address where that
    one has too many: whoever sends a body at all has sent it within moments, whatever others hold back.
    """

    def __init__(
        self,
        at_once: int = STRANGERS_AT_ONCE,
        of_one: int = STRANGERS_OF_ONE,
        within: float = STRANGERS_WITHIN,
    ) -> None:
        self._at_once = at_once
        self._of_one = of_one
        self._within = within
        self._waited_for: dict[Body, str] = {}

    def body(self, receive: Receive, largest: int, address: str) -> Body:
        """The body of a request from ``address``."""
        return _OfStranger(self, address, receive, largest, self._within)

    def enter(self, body: Body, address: str) -> None:
        """Have it waited for."""
        own = [one for one, whose in self._waited_for.items() if whose == address]
        if len(own) >= self._of_one:
            self._give_up(own[0])
        elif len(self._waited_for) >= self._at_once:
            self._give_up(next(iter(self._waited_for)))
        self._waited_for[body] = address

    def leave(self, body: Body) -> None:
        """It is there, or nobody wants it any longer."""
        self._waited_for.pop(body, None)

    def _give_up(self, body: Body) -> None:
        self.leave(body)
        body.give_up()


class _OfStranger(Body):
    def __init__(
        self, strangers: Strangers, address: str, receive: Receive, largest: int, seconds: float
    ) -> None:
        super().__init__(receive, largest, seconds)
        self._strangers = strangers
        self._address = address

    def begin(self) -> None:
        self._strangers.enter(self, self._address)

    def leave(self) -> None:
        self._strangers.leave(self)
