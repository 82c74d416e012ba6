"""The portal: what people do there, asked of the service by HTTP, and how the service is asked how far it is."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Any

import httpx

from workflow.demo.cast import Pair
from workflow.demo.envelopes import Wire
from workflow.demo.policies import Adoption
from workflow.demo.reports import Call
from workflow.demo.requests import request

REFUSED = 409
PATIENCE = 20
STANDS_STILL = 60
"""Seconds in which nothing is taken in, after which the demonstration ends instead of waiting for ever."""
OPERATOR = {"Mentoring-Actor": "service 00000000-0000-4000-8000-00000064656d"}
"""Who moves the clock and asks for proof: the demonstration itself."""


class Unexpected(Exception):
    """The service answered otherwise than a service like this may."""


class Portal:
    """One client of the API, which sends one request after the other."""

    def __init__(self, client: httpx.AsyncClient, pairs: dict[Any, Pair]) -> None:
        self._client = client
        self._pairs = pairs
        self._position = 0

    async def do(self, call: Call) -> bool:
        """Ask for it, now and then twice under one key. False where it was refused."""
        path, body = request(call, self._pairs[call.relationship])
        headers = {"Mentoring-Actor": f"{call.role} {call.person}", "Idempotency-Key": str(call.key)}
        answers = [
            await self._client.post(path, json=body, headers=headers)
            for _ in range(2 if call.repeated else 1)
        ]
        if len({(answer.status_code, _version(answer)) for answer in answers}) != 1:
            raise Unexpected(f"POST {path} under one key was answered in two ways")
        answer = answers[0]
        if answer.status_code == REFUSED:
            return False
        _check(answer)
        self._position = max(self._position, answer.json()["position"])
        return True

    async def adopt(self, adoption: Adoption) -> None:
        """Have the programme follow another policy, and wait until each relationship was asked by it."""
        headers = {
            "Mentoring-Actor": f"coordinator {adoption.coordinator}",
            "Idempotency-Key": str(adoption.key),
        }
        answer = await self._client.post("/v1/policy", json=adoption.document, headers=headers)
        _check(answer)
        self._position = max(self._position, answer.json()["position"])
        await self._while_under_way()

    async def _while_under_way(self) -> None:
        since = time.monotonic()
        while (await self._get("/v1/programme"))["under_way"]:
            if time.monotonic() - since > STANDS_STILL:
                raise Unexpected("not every relationship of the programme was asked by its new policy")
            await asyncio.sleep(0.02)

    async def publish(self, wire: Wire) -> int:
        """Hand a message to the service by HTTP; its sequence in the broker's stream."""
        answer = await self._client.post("/v1/events", content=wire.body, headers=dict(wire.headers))
        _check(answer)
        (sequence,) = answer.json()["sequences"]
        return int(sequence)

    async def taken_in(self, messages: int) -> None:
        """Wait until so many messages are committed, and all that they brought about is folded."""
        received, since = -1, time.monotonic()
        while True:
            intake = await self._get("/v1/intake")
            if intake["received"] >= messages:
                break
            if intake["received"] != received:
                received, since = intake["received"], time.monotonic()
            elif time.monotonic() - since > STANDS_STILL:
                told = (await self._client.get("/v1/health")).json()
                troubles = "; ".join(told["troubles"]) or "the service tells no reason"
                raise Unexpected(f"{received} of {messages} messages were taken in, and no more: {troubles}")
            await asyncio.sleep(0.005)
        if intake["received"] > messages:
            raise Unexpected(f"{intake['received']} messages received, of {messages} sent")
        self._position = max(self._position, intake["position"])
        for path in ("/v1/agenda", "/v1/relationships"):
            await self._get(path, after=self._position, limit=1)

    async def move_clock(self, to: datetime) -> None:
        """Let time pass; what falls due on the way is asked and folded before this returns."""
        answer = await self._client.post("/v1/clock", json={"to": to.isoformat()}, headers=OPERATOR)
        _check(answer)
        self._position = max(self._position, answer.json()["position"])

    async def _get(self, path: str, **query: int) -> Any:
        answer = await self._client.get(path, params=query)
        for _ in range(PATIENCE):
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
            answer = await self._client.get(path, params=query)
        _check(answer)
        return answer.json()


def _check(answer: httpx.Response) -> None:
    if answer.is_error:
        asked = f"{answer.request.method} {answer.request.url.path}"
        raise Unexpected(f"{asked} was answered {answer.status_code}: {answer.text[:500]}")


def _version(answer: httpx.Response) -> Any:
    return answer.json().get("version")
