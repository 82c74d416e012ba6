"""``POST /v1/hooks/{provider}``: who may send, what is stored, and that nothing is lost."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.consumers.hooks.sending import OURS, changed, file, here
from tests.web.broker import Broker
from tests.web.conftest import AS_OPERATOR, HOOK_SECRET
from tests.web.providers import plain, timed, with_hooks
from workflow.app import Service
from workflow.clocks import RealClock
from workflow.consumers.hooks.hook import Hook, Nothing, Sent, Told, event
from workflow.consumers.hooks.signatures import OLDEST, sign
from workflow.consumers.hooks.taking import Hooks, Taken
from workflow.consumers.hooks.translators import Translators
from workflow.consumers.meetings.account import receive, take_in
from workflow.consumers.meetings.contract import LARGEST_BODY, Kind
from workflow.web.api import create_app
from workflow.web.hooks import MOST_OF_ONE

NEVER = "import sys, time; sys.stdout.write(4 * chr(0)); sys.stdout.flush(); time.sleep(1000)"
"""A process that is ready, and never answers."""


@pytest.fixture
def broker(service: Service) -> Broker:
    with_hooks(service, OURS, *OURS)
    broker = Broker()
    service.publisher = broker  # type: ignore[assignment]
    return broker


async def calcom(http: httpx.AsyncClient, sent: Sent) -> httpx.Response:
    return await http.post("/v1/hooks/calcom", content=sent.body, headers=plain(sent))


# --- what is stored ---------------------------------------------------------------------------------------


async def test_what_a_booking_tells_is_stored_as_a_published_event_is(
    http: httpx.AsyncClient, broker: Broker
) -> None:
    answer = await calcom(http, file("calcom", "created.json"))
    assert answer.status_code == 202, answer.text
    assert answer.json() == {"stored": 1, "sequences": [1], "nothing": None, "untranslated": None}
    ((key, body, headers),) = broker.stored
    assert headers == {"content-type": "application/cloudevents+json"}
    assert json.loads(body)["type"] == "mentoring.meeting.scheduled.v1"
    assert "ada" not in key


async def test_every_occurrence_of_a_series_is_a_message_of_one_key(
    http: httpx.AsyncClient, service: Service, broker: Broker
) -> None:
    sent = file("icalendar", "forwarded.eml")
    headers = timed(sent, RealClock().now())
    answer = await http.post("/v1/hooks/icalendar", content=sent.body, headers=headers)
    assert answer.json()["sequences"] == [1, 2, 3, 4, 5]
    assert len({key for key, _, _ in broker.stored}) == 1
    again = await http.post("/v1/hooks/icalendar", content=sent.body, headers=headers)
    assert again.status_code == 202
    assert [body for _, body, _ in broker.stored[5:]] == [body for _, body, _ in broker.stored[:5]]


async def test_what_tells_nothing_is_taken_and_not_stored(http: httpx.AsyncClient, broker: Broker) -> None:
    answer = await calcom(http, file("calcom", "ended.json"))
    assert (answer.status_code, answer.json()["stored"], broker.stored) == (202, 0, [])
    assert "held" in answer.json()["nothing"]


async def test_after_a_broker_that_is_away_the_provider_sends_it_again(
    http: httpx.AsyncClient, broker: Broker
) -> None:
    broker.refuses_from = 0
    for sent in (file("calcom", "created.json"), Sent("application/json", b"{}")):
        answer = await calcom(http, sent)
        assert (answer.status_code, answer.json()["code"]) == (503, "not_stored")


# --- who may send -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "signature_missing"),
        ({"x-cal-signature-256": "no-secret-provided"}, "signature_wrong"),
        ({"x-cal-signature-256": sign(b"another", b"secret words")}, "signature_wrong"),
        ({"authorization": f"Bearer {HOOK_SECRET}"}, "signature_missing"),
    ],
)
async def test_what_is_not_signed_is_refused_and_never_repeated(
    http: httpx.AsyncClient, broker: Broker, headers: dict[str, str], code: str
) -> None:
    answer = await http.post("/v1/hooks/calcom", content=b"secret words", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert "secret words" not in answer.text
    assert HOOK_SECRET not in answer.text
    assert broker.stored == []


async def test_an_old_signature_is_refused_by_the_machines_clock(
    http: httpx.AsyncClient, service: Service, broker: Broker
) -> None:
    sent = file("calendly", "created.json")
    now = RealClock().now()
    header = "calendly-webhook-signature"
    replayed = timed(sent, now - OLDEST - timedelta(seconds=1), header)
    answer = await http.post("/v1/hooks/calendly", content=sent.body, headers=replayed)
    assert (answer.status_code, answer.json()["code"]) == (403, "signature_old")
    assert broker.stored == []
    answer = await http.post("/v1/hooks/calendly", content=sent.body, headers=timed(sent, now, header))
    assert answer.status_code == 202


async def test_a_hook_without_a_secret_is_closed_and_says_what_opens_it(
    http: httpx.AsyncClient, service: Service, broker: Broker
) -> None:
    with_hooks(service, OURS, "calendly")
    answer = await calcom(http, file("calcom", "created.json"))
    assert (answer.status_code, answer.json()["code"]) == (403, "hook_closed")
    assert "MENTORING_HOOK_SECRETS" in answer.json()["detail"]
    unknown = await http.post("/v1/hooks/nobody", content=b"")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "hook_unknown")
    assert broker.stored == []


@pytest.fixture
async def guarded(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """The door beyond loopback, asked without its token by a name of its own."""
    service.token = "the-token-of-the-service"
    transport = httpx.ASGITransport(create_app(service), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://mentoring.example.org") as client:
        yield client


async def test_a_hook_needs_its_signature_and_no_token(guarded: httpx.AsyncClient, broker: Broker) -> None:
    assert (await calcom(guarded, file("calcom", "created.json"))).status_code == 202
    assert len(broker.stored) == 1
    for path in ("/v1/events", "/v1/hooks", "/v1/parked", "/v1/hooksx/calcom"):
        assert (await guarded.post(path, content=b"{}")).status_code == 401
    assert (await guarded.post("/v1/hooks/../events", content=b"{}")).status_code in {401, 404}


async def test_a_body_beyond_the_limit_is_refused(http: httpx.AsyncClient, broker: Broker) -> None:
    answer = await calcom(http, Sent("application/json", b" " * (LARGEST_BODY + 1)))
    assert answer.status_code == 413
    assert broker.stored == []


async def test_providers_whose_bodies_have_no_end_take_no_places_from_others(
    http: httpx.AsyncClient, service: Service, broker: Broker
) -> None:
    ended, begun = asyncio.Event(), asyncio.Semaphore(0)
    at_once = here(OURS)

    async def translate(provider: str, sent: Sent) -> Taken:
        if provider != "calcom":
            begun.release()
            await ended.wait()
            return Nothing("it had no end")
        return await at_once(provider, sent)

    service.hooks = Hooks(OURS, dict.fromkeys(OURS, HOOK_SECRET), translate)

    async def send(provider: str, header: str) -> httpx.Response:
        sent = Sent("text/plain", b"endless")
        headers = timed(sent, RealClock().now(), header)
        return await http.post(f"/v1/hooks/{provider}", content=sent.body, headers=headers)

    endless = (("icalendar", "mentoring-signature"), ("calendly", "calendly-webhook-signature"))
    under_way = [asyncio.create_task(send(*one)) for one in endless for _ in range(MOST_OF_ONE)]
    for _ in under_way:
        await begun.acquire()
    for one in endless:
        answer = await send(*one)
        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert (await calcom(http, file("calcom", "created.json"))).status_code == 202
    assert (await http.get("/v1/intake")).status_code == 200
    ended.set()
    assert {one.status_code for one in await asyncio.gather(*under_way)} == {202}


# --- what cannot be translated ----------------------------------------------------------------------------


def taken_in(service: Service, broker: Broker) -> None:
    bodies = [(body, headers) for _, body, headers in broker.stored]
    received = receive(range(1, len(bodies) + 1), [body for body, _ in bodies], [head for _, head in bodies])
    service.writer.submit(lambda tx: take_in(tx, service.resolver, "up/0", 0, received)).result()


def mended(service: Service, translate: Any) -> None:
    hook = Hook("calcom", OURS["calcom"].check, translate)
    with_hooks(service, {**OURS, "calcom": hook}, "calcom")


async def _parked(http: httpx.AsyncClient, service: Service, broker: Broker) -> dict[str, Any]:
    sent = changed("calcom", "created.json", "payload", "startTime", to="the third of February")
    answer = await calcom(http, sent)
    assert (answer.status_code, answer.json()["stored"]) == (202, 1)
    assert "payload.startTime" in answer.json()["untranslated"]
    assert "February" not in answer.text
    taken_in(service, broker)
    (parked,) = (await http.get("/v1/parked")).json()["parked"]
    found: dict[str, Any] = parked
    return found


async def test_what_cannot_be_translated_is_parked_as_it_came_with_its_reason(
    http: httpx.AsyncClient, service: Service, broker: Broker
) -> None:
    parked = await _parked(http, service, broker)
    assert parked["reason"] == "untranslated:payload_unfit:payload.startTime"
    assert (parked["source"], parked["type"]) == ("/hooks/calcom", "mentoring.hook.v1")
    ((_, body, _),) = broker.stored
    assert b"the third of February" in body


async def test_tried_again_with_a_mended_adapter_it_is_translated_anew(
    http: httpx.AsyncClient, service: Service, broker: Broker
) -> None:
    parked = await _parked(http, service, broker)
    seen: list[Sent] = []
    time = RealClock().now()

    def translate(sent: Sent, zone: ZoneInfo) -> Told:
        seen.append(sent)
        about = {"uid": "u", "parties": ["email:ada@example.org", "email:grace@example.org"]}
        return Told(tuple(event("calcom", Kind.CANCELLED, time, **about, sequence=n) for n in (1, 2)))

    mended(service, translate)
    answer = await http.post(f"/v1/parked/{parked['number']}/retry", headers=AS_OPERATOR)
    assert (answer.status_code, answer.json()["disposition"]) == (200, "applied"), answer.text
    assert seen[0].content_type == "application/json"
    assert seen[0].body == broker.stored[0][1]
    assert [json.loads(body)["data"]["sequence"] for _, body, _ in broker.stored[1:]] == [1, 2]
    assert (await http.get("/v1/parked")).json()["total"] == 0
    counts = (await http.get("/v1/intake")).json()
    assert (counts["received"], counts["applied"], counts["parked"]) == (1, 1, 0)


async def test_tried_again_under_one_key_it_is_handed_over_once(
    http: httpx.AsyncClient, service: Service, broker: Broker
) -> None:
    parked = await _parked(http, service, broker)
    mended(service, lambda *_: Nothing("it says nothing"))
    headers = AS_OPERATOR | {"Idempotency-Key": "once"}
    for _ in range(2):
        answer = await http.post(f"/v1/parked/{parked['number']}/retry", headers=headers)
        assert (answer.status_code, answer.json()["disposition"]) == (200, "stale"), answer.text
    assert (await http.get("/v1/intake")).json()["stale"] == 1


async def test_tried_again_in_vain_it_stays_for_the_reason_that_it_has_now(
    http: httpx.AsyncClient, service: Service, broker: Broker
) -> None:
    parked = await _parked(http, service, broker)

    def faulty(*_: object) -> Told:
        raise RuntimeError("the third of February")

    mended(service, faulty)
    answer = await http.post(f"/v1/parked/{parked['number']}/retry", headers=AS_OPERATOR)
    assert (answer.json()["disposition"], answer.json()["reason"]) == ("parked", "untranslated:failed")
    assert len(broker.stored) == 1
    with_hooks(service, {})
    again = await http.post(f"/v1/parked/{parked['number']}/retry", headers=AS_OPERATOR)
    assert again.json()["reason"] == "untranslated:provider_unknown"
    (listed,) = (await http.get("/v1/parked")).json()["parked"]
    assert listed["reason"] == "untranslated:provider_unknown"


async def test_a_retry_whose_messages_are_not_stored_leaves_it_parked(
    http: httpx.AsyncClient, service: Service, broker: Broker
) -> None:
    parked = await _parked(http, service, broker)
    time = RealClock().now()
    about = {"uid": "u", "parties": ["email:ada@example.org"]}
    mended(service, lambda *_: Told((event("calcom", Kind.CANCELLED, time, **about),)))
    broker.refuses_from = 0
    answer = await http.post(f"/v1/parked/{parked['number']}/retry", headers=AS_OPERATOR)
    assert answer.status_code == 503
    assert (await http.get("/v1/parked")).json()["total"] == 1


async def test_a_fault_of_an_adapter_loses_nothing_and_its_words_are_in_no_log(
    http: httpx.AsyncClient, service: Service, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    def faulty(*_: object) -> Told:
        raise RuntimeError("secret words")

    mended(service, faulty)
    answer = await calcom(http, Sent("application/json", b"secret words"))
    assert answer.status_code == 202
    assert broker.stored[0][1] == b"secret words"
    assert "RuntimeError" in caplog.text
    assert "secret words" not in caplog.text + answer.text


async def test_what_takes_too_long_is_parked_as_it_came_and_counted_in_health(
    http: httpx.AsyncClient, service: Service, broker: Broker
) -> None:
    service.translators = Translators("UTC", 0.05, (sys.executable, "-c", NEVER))
    service.hooks = Hooks(OURS, {"calcom": HOOK_SECRET}, service.translators.translate)
    sent = file("calcom", "created.json")
    answer = await calcom(http, sent)
    assert (answer.status_code, answer.json()["stored"]) == (202, 1)
    assert answer.json()["untranslated"] is not None
    taken_in(service, broker)
    (parked,) = (await http.get("/v1/parked")).json()["parked"]
    assert parked["reason"] == "untranslated:failed"
    health = await http.get("/v1/health")
    assert (health.status_code, health.json()["hooks"]) == (200, {"ran_over": 1})

    with_hooks(service, OURS, "calcom")
    answer = await http.post(f"/v1/parked/{parked['number']}/retry", headers=AS_OPERATOR)
    assert answer.json()["disposition"] == "applied"
    assert json.loads(broker.stored[1][1])["type"] == "mentoring.meeting.scheduled.v1"


async def test_where_none_can_be_translated_the_provider_sends_again_and_health_says_so(
    http: httpx.AsyncClient, service: Service, broker: Broker
) -> None:
    service.translators = Translators("UTC", 60, ("/bin/false",))
    service.hooks = Hooks(OURS, {"calcom": HOOK_SECRET}, service.translators.translate)
    answer = await calcom(http, file("calcom", "created.json"))
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert broker.stored == []
    health = await http.get("/v1/health")
    assert health.status_code == 503
    assert health.json()["troubles"] == [
        "hooks are to be sent again later: the process that translates calcom does not start (Broken)"
    ]
