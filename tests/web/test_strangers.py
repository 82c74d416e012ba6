"""Who is not known yet takes no place from who is, and little time from others who are not known either."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.consumers.hooks.sending import OURS, file
from tests.web.providers import timed, with_hooks
from workflow.app import Service
from workflow.clocks import RealClock
from workflow.lifecycle import offline
from workflow.settings import Settings
from workflow.web.api import create_app
from workflow.web.coming import STRANGERS_OF_ONE
from workflow.web.limits import MOST_AT_ONCE
from workflow.web.page.signing import LARGEST_FORM

TOKEN = "a-token-of-enough-letters"
FORM = {"content-type": "application/x-www-form-urlencoded"}
BEARER = {"authorization": f"Bearer {TOKEN}"}


class Door:
    """The whole app where a token is demanded, asked from many addresses."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._app = create_app(service)
        self.held_back: list[asyncio.Task[httpx.Response]] = []
        self._begun = asyncio.Semaphore(0)

    async def ask(self, method: str, path: str, address: str = "192.0.2.1", **more: object) -> httpx.Response:
        transport = httpx.ASGITransport(self._app, client=(address, 1), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://m.example.org") as client:
            return await client.request(method, path, **more)  # type: ignore[arg-type]

    async def hold_back(self, path: str, addresses: list[str], **headers: str) -> None:
        """Send the first byte of a body from each address, and none of the others."""

        async def one_byte() -> AsyncIterator[bytes]:
            yield b"t"
            self._begun.release()
            await asyncio.Event().wait()

        for address in addresses:
            content = one_byte()
            asking = self.ask("POST", path, address, content=content, headers=headers)
            self.held_back.append(asyncio.create_task(asking))
            await self._begun.acquire()


@pytest.fixture
async def door(settings: Settings) -> AsyncIterator[Door]:
    async with offline(settings) as service:
        service.token = TOKEN
        with_hooks(service, OURS, *OURS)
        door = Door(service)
        yield door
        for one in door.held_back:
            one.cancel()
        await asyncio.gather(*door.held_back, return_exceptions=True)


ONE = ["192.0.2.9"] * (MOST_AT_ONCE + 1)
MANY = [f"198.51.{number // 200}.{number % 200}" for number in range(MOST_AT_ONCE + 1)]


@pytest.mark.parametrize("addresses", [ONE, MANY], ids=["of one address", "of many"])
@pytest.mark.parametrize("path", ["/sign-in", "/v1/hooks/icalendar"])
async def test_whoever_brings_the_token_or_signs_is_served_whatever_strangers_hold_back(
    door: Door, path: str, addresses: list[str]
) -> None:
    await door.hold_back(path, addresses, **FORM)
    assert (await door.ask("GET", "/v1/intake", headers=BEARER)).status_code == 200
    signed_in = await door.ask("POST", "/sign-in", data={"token": TOKEN})
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/")
    sent = file("icalendar", "reply_declined.ics")
    headers = timed(sent, RealClock().now())
    hook = await door.ask("POST", "/v1/hooks/icalendar", addresses[0], content=sent.body, headers=headers)
    assert hook.status_code == 202, hook.text


async def test_of_one_address_the_body_that_is_longest_held_back_gives_way(door: Door) -> None:
    await door.hold_back("/sign-in", ["203.0.113.7"], **FORM)
    await door.hold_back("/sign-in", ONE[:STRANGERS_OF_ONE], **FORM)
    await door.hold_back("/sign-in", ONE[:1], **FORM)
    other, first, *rest = door.held_back
    answer = await first
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert (answer.headers["connection"], answer.headers["retry-after"]) == ("close", "1")
    assert not any(one.done() for one in (other, *rest))


async def test_a_form_that_brings_more_than_a_token_is_not_read(door: Door) -> None:
    answer = await door.ask("POST", "/sign-in", content=b"t" * (LARGEST_FORM + 1), headers=FORM)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
