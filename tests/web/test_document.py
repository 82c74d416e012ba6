"""The OpenAPI document: what it says is answered is answered, and what is answered it says."""

from __future__ import annotations

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import pytest
from openapi_schema_validator import OAS31Validator

from tests.web.broker import Broker
from tests.web.conftest import (
    ADA,
    AS_COORDINATOR,
    AS_MENTEE,
    AS_MENTOR,
    AS_OPERATOR,
    GRACE,
    HOOK_SECRET,
    PARTIES,
    opened,
)
from tests.web.messages import park, take_booking_in, take_held
from workflow.aggregates.policy import Policy
from workflow.aggregates.programme import programme_id
from workflow.app import Service
from workflow.cli.docs.http import openapi
from workflow.consumers.hooks.signatures import sign
from workflow.store.recorded import Origin
from workflow.web.api import create_app
from workflow.web.document import SHARED
from workflow.web.problems import MEDIA_TYPE

NOBODY, LINUS = UUID(int=7), UUID(int=8)
THREE = [*PARTIES, {"role": "mentor", "person_id": str(LINUS)}]
ONE_TWICE = [PARTIES[0], PARTIES[1] | {"person_id": str(ADA)}]
OPENING = {"parties": PARTIES}
WALK = {"what": "walk", "who": str(ADA), "by_when": "2026-02-01T00:00:00Z"}
SHARED_TOPIC = {"topic_id": str(LINUS), "title": "pay", "visibility": "shareable"}
LOOK = {"measures": [WALK, WALK]}
OTHER = {"silence": {"suspected_after": 1.2}}
CLOSING = {"manner": "planned_held", "reason": "goals_met"}
EVENT = {"content": "{}", "headers": {"content-type": "application/cloudevents+json"}}
PING = '{"triggerEvent": "PING"}'
SIGNED = {"x-cal-signature-256": sign(HOOK_SECRET.encode(), PING.encode())}
TEXT = {"content": "{}", "headers": AS_MENTOR | {"content-type": "text/plain"}}
ONE = "/v1/relationships/{relationship_id}"
MEASURE = ONE + "/measures/{measure_id}"
SIGNING = ONE + "/agreements/{version}/signatures"


def mentor(**given: Any) -> dict[str, Any]:
    return {"headers": AS_MENTOR, **given}


def operator(**given: Any) -> dict[str, Any]:
    return {"headers": AS_OPERATOR, **given}


def _writes(path: str, ids: dict[str, Any], good: dict[str, Any], *refused: dict[str, Any]) -> list[Any]:
    """The answers of a command: done, by nobody, of nobody, refused by the rules, and of no id."""
    unknown, no_id = ids | {"relationship_id": NOBODY}, ids | {"relationship_id": "x"}
    return [
        ("POST", path, 201, ids, good),
        ("POST", path, 400, ids, good | {"headers": {}}),
        ("POST", path, 404, unknown, good),
        ("POST", path, 409, *refused),
        ("POST", path, 422, no_id, good),
        *([("POST", path, 415, ids, TEXT)] if "json" in good else []),
    ]


COMMITTED = [("/commitments", None, who) for who in (AS_MENTOR, AS_MENTEE)]
DRAFTED: list[Any] = [*COMMITTED, ("/agreements", {}, AS_MENTOR)]
ACTIVE = [*DRAFTED, *(("/agreements/1/signatures", None, who) for who in (AS_MENTOR, AS_MENTEE))]
STAGNATING = [*ACTIVE, ("/stagnation", None, AS_MENTOR)]
SITUATIONS: dict[str, list[tuple[str, Any, dict[str, str]]]] = {
    "new": [],
    "drafted": DRAFTED,
    "active": ACTIVE,
    "stagnating": STAGNATING,
    "looked": [*STAGNATING, ("/fresh-looks", LOOK, AS_MENTOR)],
    "closed": [("/closure", CLOSING, AS_MENTOR)],
    "aiming": [*ACTIVE, ("/goals", {"text": "to learn"}, AS_MENTOR)],
    "met": ACTIVE,
    "three": [],
    "sharing": [("/agreements", {"topics": [SHARED_TOPIC]}, AS_MENTOR)],
}
"""What was asked of a relationship, in order, until it was as a request needs it."""

PARTY = ONE + "/parties/{person_id}"
MENTEE = {"relationship_id": "active", "person_id": GRACE}
TOPICS = ONE + "/topics/{topic_id}/reclassifications"
TOPIC = {"relationship_id": "sharing", "topic_id": LINUS}
PRIVATE = {"visibility": "pair_only"}
NAMED = {"identity": "ext:portal:4711"}
HERE: dict[str, Any] = {"relationship_id": "active"}
CLOSED = {"relationship_id": "closed"}
LOOKED = {"relationship_id": "stagnating"}
AIMING = {"relationship_id": "aiming", "goal_id": "set"}
STEPPED = {"relationship_id": "new", "step": "training"}
MARKS = {"new_perspectives": 4, "comfort": 4, "equality": 4}
GOAL = ONE + "/goals/{goal_id}"
PLANNED = {"relationship_id": "looked", "measure_id": "planned"}
UNKNOWN: dict[str, Any] = {"params": {"stat": "active"}}
ANSWERS: list[tuple[str, str, int, dict[str, Any], dict[str, Any]]] = [
    ("GET", "/v1/health", 200, {}, {}),
    ("GET", "/v1/health", 422, {}, UNKNOWN),
    ("GET", "/metrics", 200, {}, {}),
    ("GET", "/metrics", 422, {}, UNKNOWN),
    ("POST", "/v1/relationships", 201, {}, mentor(json=OPENING)),
    ("POST", "/v1/relationships", 400, {}, {"json": OPENING}),
    ("POST", "/v1/relationships", 404, {}, mentor(json=OPENING | {"programme": "other"})),
    ("POST", "/v1/relationships", 409, {}, mentor(json={"parties": ONE_TWICE})),
    ("POST", "/v1/relationships", 415, {}, TEXT),
    ("POST", "/v1/relationships", 422, {}, mentor(json={})),
    ("GET", "/v1/relationships", 200, {}, {}),
    ("GET", "/v1/relationships", 422, {}, {"params": {"limit": 0}}),
    ("GET", "/v1/analytics", 200, {}, {}),
    ("GET", "/v1/analytics", 422, {}, UNKNOWN),
    ("GET", "/v1/analytics/{question}", 200, {"question": "dialogue"}, {}),
    ("GET", "/v1/analytics/{question}", 404, {"question": "persons"}, {}),
    ("GET", "/v1/analytics/{question}", 422, {"question": "goals"}, {"params": {"state": "active"}}),
    *_writes(ONE + "/commitments", {"relationship_id": "new"}, mentor(),
             HERE, {"headers": AS_COORDINATOR}),
    *_writes(ONE + "/agreements", HERE, mentor(json={}), CLOSED, mentor(json={})),
    *_writes(SIGNING, {"relationship_id": "drafted", "version": 1}, mentor(),
             HERE | {"version": 9}, mentor()),
    *_writes(ONE + "/stagnation", HERE, mentor(), CLOSED, mentor()),
    *_writes(ONE + "/fresh-looks", LOOKED, mentor(json=LOOK), CLOSED, mentor(json=LOOK)),
    *_writes(MEASURE + "/completion", PLANNED, mentor(), PLANNED | {"measure_id": NOBODY}, mentor()),
    *_writes(MEASURE + "/drops", PLANNED, mentor(), PLANNED | {"measure_id": NOBODY}, mentor()),
    *_writes(ONE + "/onboarding-steps/{step}", STEPPED, mentor(), STEPPED | {"step": "other"}, mentor()),
    *_writes(ONE + "/preparations", {"relationship_id": "met"}, mentor(json={"uid": "m"}),
             HERE, mentor(json={"uid": "unknown"})),
    *_writes(ONE + "/goals", HERE, mentor(json={"text": "to learn"}), CLOSED, mentor(json={"text": "to learn"})),
    *_writes(GOAL + "/reviews", AIMING, mentor(json={"reached_percent": 40}),
             HERE | {"goal_id": NOBODY}, mentor(json={"reached_percent": 40})),
    *_writes(GOAL + "/revisions", AIMING, mentor(json={"text": "to lead"}),
             HERE | {"goal_id": NOBODY}, mentor(json={"text": "to lead"})),
    *_writes(GOAL + "/achievement", AIMING, mentor(), HERE | {"goal_id": NOBODY}, mentor()),
    *_writes(GOAL + "/drop", AIMING, mentor(), HERE | {"goal_id": NOBODY}, mentor()),
    *_writes(ONE + "/check-ins", {"relationship_id": "met"}, mentor(json=MARKS), HERE, mentor(json=MARKS)),
    *_writes(ONE + "/check-in-consents", HERE, mentor(), HERE, {"headers": AS_COORDINATOR}),
    *_writes(ONE + "/check-in-consents/withdrawal", HERE, mentor(), HERE, {"headers": AS_COORDINATOR}),
    *_writes(ONE + "/help", HERE, mentor(json={}), HERE, {"headers": AS_COORDINATOR, "json": {}}),
    *[
        ("GET", ONE + path, status, ids, given)
        for path in ("/check-ins", "/help")
        for status, ids, given in (
            (200, HERE, mentor()),
            (400, HERE, {}),
            (404, {"relationship_id": NOBODY}, mentor()),
            (409, HERE, operator()),
            (422, {"relationship_id": "x"}, mentor()),
        )
    ],
    *_writes(ONE + "/pauses", HERE, mentor(json={}), CLOSED, mentor(json={})),
    *_writes(ONE + "/resumption", HERE, mentor(), CLOSED, mentor()),
    *_writes(ONE + "/support-contacts", HERE, {"headers": AS_COORDINATOR, "json": {}}, HERE, mentor(json={})),
    *_writes(ONE + "/measures/reviews", {"relationship_id": "looked"}, mentor(), HERE, mentor()),
    *_writes(ONE + "/closing-feedback", CLOSED, mentor(json={"text": "well"}), HERE, mentor(json={"text": "well"})),
    *_writes(TOPICS, TOPIC, mentor(json=PRIVATE), TOPIC | {"topic_id": NOBODY}, mentor(json=PRIVATE)),
    *_writes(PARTY + "/destruction", MENTEE, {"headers": AS_MENTEE, "json": {}}, MENTEE, mentor(json={})),
    *_writes(PARTY + "/identities", MENTEE, {"headers": AS_MENTEE, "json": NAMED}, MENTEE, mentor(json=NAMED)),
    *_writes(PARTY + "/identities/removal", MENTEE, {"headers": AS_MENTEE, "json": NAMED}, MENTEE, mentor(json=NAMED)),
    *_writes(PARTY + "/departure", {"relationship_id": "three", "person_id": LINUS}, {"headers": AS_COORDINATOR},
             MENTEE, mentor()),
    *_writes(ONE + "/closure", HERE, mentor(json=CLOSING), CLOSED, mentor(json=CLOSING)),
    *[
        ("GET", ONE + path, status, ids, {})
        for path in ("", "/timeline", "/meetings")
        for status, ids in ((200, HERE), (404, {"relationship_id": NOBODY}), (422, {"relationship_id": "x"}))
    ],
    ("GET", "/v1/events", 200, {}, {}),
    ("GET", "/v1/events", 422, {}, {"params": {"beyond": -1}}),
    ("GET", "/v1/events/export", 200, {}, operator()),
    ("GET", "/v1/events/export", 400, {}, {}),
    ("GET", "/v1/events/export", 409, {}, mentor()),
    ("GET", "/v1/events/export", 422, {}, operator(params={"limit": 0})),
    ("POST", "/v1/events", 202, {}, EVENT),
    ("POST", "/v1/events", 400, {}, EVENT | {"content": "{"}),
    ("POST", "/v1/events", 415, {}, TEXT),
    ("POST", "/v1/events", 422, {}, EVENT | UNKNOWN),
    *[
        ("GET", "/v1/streams/{stream_id}", status, ids, asked)
        for status, ids, asked in (
            (200, {"stream_id": programme_id("default")}, {}),
            (404, {"stream_id": NOBODY}, {}),
            (422, {"stream_id": "x"}, {}),
        )
    ],
    ("GET", "/v1/agenda", 200, {}, {}),
    ("GET", "/v1/agenda", 422, {}, {"params": {"until": "tomorrow"}}),
    ("GET", "/v1/intake", 200, {}, {}),
    ("GET", "/v1/intake", 422, {}, UNKNOWN),
    ("GET", "/v1/intake/receipts", 200, {}, {}),
    ("GET", "/v1/intake/receipts", 422, {}, {"params": {"limit": "all"}}),
    ("GET", "/v1/today", 200, {}, {}),
    ("GET", "/v1/today", 422, {}, {"params": {"limit": 0}}),
    ("GET", "/v1/guidance", 200, {}, {"params": {"language": "fi"}}),
    ("GET", "/v1/guidance", 422, {}, {"params": {"language": "xx"}}),
    ("GET", "/v1/policy", 200, {}, {}),
    ("GET", "/v1/policy", 404, {}, {"params": {"programme": "other"}}),
    ("GET", "/v1/policy", 422, {}, {"params": {"programme": "x" * 101}}),
    ("POST", "/v1/policy", 201, {}, operator(json=OTHER)),
    ("POST", "/v1/policy", 400, {}, {"json": OTHER}),
    ("POST", "/v1/policy", 404, {}, operator(json=OTHER, params={"programme": "other"})),
    ("POST", "/v1/policy", 409, {}, mentor(json=OTHER)),
    ("POST", "/v1/policy", 415, {}, TEXT),
    ("POST", "/v1/policy", 422, {}, operator(json={"silence": {"suspected_after": 0}})),
    ("GET", "/v1/programme", 200, {}, {}),
    ("GET", "/v1/programme", 404, {}, {"params": {"programme": "other"}}),
    ("GET", "/v1/programme", 422, {}, {"params": {"programme": "x" * 101}}),
    ("POST", "/v1/programme/closure", 201, {}, operator()),
    ("POST", "/v1/programme/closure", 400, {}, {}),
    ("POST", "/v1/programme/closure", 404, {}, operator(params={"programme": "other"})),
    ("POST", "/v1/programme/closure", 409, {}, mentor()),
    ("POST", "/v1/programme/closure", 422, {}, operator(params={"programme": "x" * 101})),
    ("GET", "/v1/waiting", 200, {}, {}),
    ("GET", "/v1/waiting", 422, {}, {"params": {"limit": 0}}),
    ("GET", "/v1/waiting/{number}", 200, {"number": 1, "waits": True}, {}),
    ("GET", "/v1/waiting/{number}", 404, {"number": 9}, {}),
    ("GET", "/v1/waiting/{number}", 422, {"number": 0}, {}),
    ("GET", "/v1/parked", 200, {}, {}),
    ("GET", "/v1/parked", 422, {}, {"params": {"limit": 0}}),
    ("GET", "/v1/parked/{number}", 200, {"number": 1}, {}),
    ("GET", "/v1/parked/{number}", 404, {"number": 9}, {}),
    ("GET", "/v1/parked/{number}", 422, {"number": 0}, {}),
    *[
        ("POST", "/v1/parked/{number}" + path, status, {"number": number}, asked)
        for path in ("/retry", "/drop")
        for status, number, asked in ((200, 1, operator()), (400, 1, {}), (404, 9, operator()), (422, 0, operator()))
    ],
    ("POST", "/v1/parked/{number}/retry", 409, {"number": 1, "without_key": True}, operator()),
    ("GET", "/v1/projections", 200, {}, {}),
    ("GET", "/v1/projections", 422, {}, UNKNOWN),
    ("POST", "/v1/projections/rebuild", 200, {}, operator()),
    ("POST", "/v1/projections/rebuild", 400, {}, {}),
    ("POST", "/v1/projections/rebuild", 404, {}, operator(params={"name": "none"})),
    ("POST", "/v1/projections/rebuild", 409, {"unfoldable": True}, operator()),
    ("POST", "/v1/projections/rebuild", 422, {}, operator(params={"name": "x" * 101})),
    *[
        ("POST", "/v1/projections/{name}" + path, status, ids, asked)
        for path in ("/pause", "/resume")
        for status, ids, asked in (
            (200, {"name": "journey"}, operator()),
            (400, {"name": "journey"}, {}),
            (404, {"name": "none"}, operator()),
            (409, {"name": "journey", "failed": True}, operator()),
            (422, {"name": "x" * 101}, operator()),
        )
    ],
    ("POST", "/v1/verify", 200, {}, operator()),
    ("POST", "/v1/verify", 400, {}, {}),
    ("POST", "/v1/verify", 409, {}, {"headers": AS_COORDINATOR}),
    ("POST", "/v1/verify", 422, {}, operator(params={"after": "x"})),
    ("POST", "/v1/clock", 200, {}, operator(json={"to": "2026-02-01T00:00:00Z"})),
    ("POST", "/v1/clock", 400, {}, {"json": {"to": "2026-02-01T00:00:00Z"}}),
    ("POST", "/v1/hooks/{provider}", 202, {"provider": "calcom"}, {"content": PING, "headers": SIGNED}),
    ("POST", "/v1/hooks/{provider}", 404, {"provider": "nobody"}, {}),
    ("POST", "/v1/hooks/{provider}", 422, {"provider": "No-One"}, {}),
    ("POST", "/v1/clock", 409, {}, operator(json={"to": "2025-01-01T00:00:00Z"})),
    ("POST", "/v1/clock", 415, {}, TEXT),
    ("POST", "/v1/clock", 422, {}, operator(json={"to": "tomorrow"})),
]  # fmt: skip
"""A request for every status of every route, but for those that any route may answer."""


async def _made(http: httpx.AsyncClient, service: Service, ids: dict[str, Any]) -> dict[str, Any]:
    """The ids of what a request is about; the situation that it names is made."""
    made = dict(ids)
    if ids.get("waits"):
        take_booking_in(service, 1, "email:linus@example.org", "email:grace@example.org")
    elif "number" in ids:
        park(service, b"{}\nnothing")
    situation = ids.get("relationship_id")
    if situation not in SITUATIONS:
        return made | {"measure_id": NOBODY} | ({"goal_id": NOBODY} if "goal_id" in ids else {})
    base = f"/v1/relationships/{await opened(http, THREE if situation == 'three' else PARTIES)}"
    made["relationship_id"] = base.rsplit("/", 1)[1]
    for path, body, who in SITUATIONS[situation]:
        answer = await http.post(base + path, json=body, headers=who)
        assert answer.status_code == 201, answer.text
        if path == "/fresh-looks":
            made["measure_id"] = (
                answer.json()["measures"][0] if ids.get("measure_id") == "planned" else NOBODY
            )
        if path == "/goals":
            made["goal_id"] = answer.json()["goal_id"]
    if situation == "met":
        take_held(service, UUID(made["relationship_id"]))
    if ids.get("step"):
        _ask_for_a_step(service)
    return made


def _ask_for_a_step(service: Service) -> None:
    policy = Policy.model_validate({"onboarding": {"steps": ["training"]}})
    name, zone = service.settings.programme, service.settings.zone
    service.writer.submit(lambda tx: tx.open_programme(name, zone, policy, Origin("test"))).result()


def _unfoldable(_: object) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result([SimpleNamespace(name="journey", failure="KeyError")])
    return future


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi()


def test_every_status_that_is_documented_is_asked_for_here(document: dict[str, Any]) -> None:
    documented = {
        (method.upper(), path, int(status))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for status in operation["responses"]
    }
    asked = {(method, path, status) for method, path, status, *_ in ANSWERS}
    assert asked == {answer for answer in documented if answer[2] not in SHARED}


@pytest.mark.parametrize(
    ("method", "path", "status", "ids", "asked"), ANSWERS, ids=lambda value: str(value).replace(ONE, "…")[:60]
)  # fmt: skip
async def test_what_is_documented_is_answered_as_documented(
    http: httpx.AsyncClient,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    document: dict[str, Any],
    method: str,
    path: str,
    status: int,
    ids: dict[str, Any],
    asked: dict[str, Any],
) -> None:
    made = await _made(http, service, ids)
    await service.folded((), service.store.head())
    service.publisher = Broker()  # type: ignore[assignment]
    if ids.get("without_key"):
        service.keys.destroy(["intake/2026-01"])
    if ids.get("failed"):
        service.views.pause(service.views.live("journey"), "KeyError")
    if ids.get("unfoldable"):
        monkeypatch.setattr(service.projections, "rebuild", _unfoldable)
    answer = await http.request(method, path.format(**made), **asked)
    assert answer.status_code == status, answer.text
    told = document["paths"][path][method.lower()]["responses"][str(status)]
    if "$ref" in told:
        told = document["components"]["responses"][told["$ref"].rsplit("/", 1)[1]]
    kind = next(iter(told["content"]))  # the first is that which is given where nothing else is asked for
    assert kind == MEDIA_TYPE or status < 400
    assert answer.headers["content-type"].partition(";")[0] == kind
    instance = answer.json() if kind.endswith("json") else answer.text
    _check(instance, told["content"][kind]["schema"], document)


def _check(instance: Any, schema: dict[str, Any], document: dict[str, Any]) -> None:
    OAS31Validator({**schema, "components": document["components"]}).validate(instance)


@pytest.mark.parametrize(("method", "path"), sorted({(method, path) for method, path, *_ in ANSWERS}))
async def test_a_query_that_a_route_does_not_know_is_refused_with_those_that_it_knows(
    http: httpx.AsyncClient, document: dict[str, Any], method: str, path: str
) -> None:
    operation = document["paths"][path][method.lower()]
    known = sorted(one["name"] for one in operation.get("parameters", ()) if one["in"] == "query")
    answer = await http.request(method, path, params={"secret": "active"})
    assert (answer.status_code, answer.json()["code"]) == (422, "query_unknown")
    said = f"the queries of this route are: {', '.join(known)}; another one was given"
    assert answer.json()["detail"] == (said if known else "this route takes no query, and one was given")


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    given = {name: schema["examples"] for name, schema in schemas.items() if "examples" in schema}
    for name, examples in given.items():
        for example in examples:
            _check(example, schemas[name], document)
    for operations in document["paths"].values():
        for operation in operations.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                name = content["schema"].get("$ref", "").rsplit("/", 1)[-1]
                if name not in given:
                    _check(content["example"], content["schema"], document)
            for status in {"201", "202"} & operation["responses"].keys():
                content = operation["responses"][status]["content"]["application/json"]
                assert content["schema"]["$ref"].rsplit("/", 1)[1] in given


def test_a_write_names_who_acts(document: dict[str, Any]) -> None:
    posts = {
        path: operations["post"] for path, operations in document["paths"].items() if "post" in operations
    }
    assert posts.pop("/v1/events")
    assert posts.pop("/v1/hooks/{provider}")
    for path, operation in posts.items():
        (header,) = (one for one in operation["parameters"] if one["name"] == "Mentoring-Actor")
        assert header["required"], path
        for value, fits in ((f"mentee {GRACE}", True), (f"parent {GRACE}", False)):
            assert OAS31Validator(header["schema"]).is_valid(value) is fits
        assert OAS31Validator(header["schema"]).is_valid(header["example"])


def test_the_token_is_demanded_of_all_but_health_and_what_is_signed(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert {"bearer": []} in document["security"]
    without = [
        p for p, operations in document["paths"].items() for o in operations.values() if "security" in o
    ]
    assert without == ["/v1/health", "/metrics", "/v1/hooks/{provider}"]


def test_the_document_of_a_service_is_the_one_that_is_looked_at_here(
    service: Service, document: dict[str, Any]
) -> None:
    served = create_app(service).openapi()
    assert served | {"info": None} == document | {"info": None}


def test_operations_have_names_for_generated_clients(document: dict[str, Any]) -> None:
    names = [o["operationId"] for operations in document["paths"].values() for o in operations.values()]
    assert len(names) == len(set(names))
    assert {"open_a_relationship", "publish_events", "list_relationships"} <= set(names)
