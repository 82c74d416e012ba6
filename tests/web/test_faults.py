"""What is told of requests that do not fit: our sentences, word for word, and nothing that was sent."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, get_args
from uuid import UUID

import httpx
import pytest
from pydantic_core.core_schema import ErrorType

from tests.web.conftest import ADA, AS_COORDINATOR, AS_OPERATOR, PARTIES
from workflow.web.faults import MOST_TOLD, OTHERWISE, SENTENCES, told

SENT = "what nobody else may read"
SOME = UUID(int=7)
NO_UUID = "a UUID is meant, such as 0f3c9f0e-6a34-4c55-a6bb-5d6d4bcb6b4e"
NO_TIME = "not a time with date, seconds and offset as in RFC 3339"
LOOK = {"what": "walk", "who": str(ADA), "by_when": "2026-02-01T00:00:00Z"}


def _unfit(*faults: tuple[str, str]) -> dict[str, Any]:
    return {
        "type": "urn:mentoring:problem:invalid",
        "title": HTTPStatus(422).phrase,
        "status": 422,
        "detail": "the request does not fit",
        "code": "invalid",
        "faults": [{"where": where, "what": what} for where, what in faults],
    }


def _opening(**party: Any) -> dict[str, Any]:
    return {"parties": [party, PARTIES[1]]}


REQUESTS: list[tuple[str, Any, list[tuple[str, str]]]] = [
    ("/v1/relationships", {}, [("body.parties", "it is needed, and missing")]),
    ("/v1/relationships", [SENT], [("body", "a JSON object is meant")]),
    ("/v1/relationships", {"parties": SENT}, [("body.parties", "a list is meant")]),
    ("/v1/relationships", {"parties": [SENT, SENT]}, [("body.parties.0", "a JSON object is meant"),
                                                     ("body.parties.1", "a JSON object is meant")]),
    ("/v1/relationships", {"parties": PARTIES[:1]}, [("body.parties", "too few: the fewest are 2")]),
    ("/v1/relationships", {"parties": PARTIES * 11}, [("body.parties", "too many: the most are 20")]),
    ("/v1/relationships", {"parties": PARTIES, SENT: SENT}, [("body", "a member that is not known here")]),
    ("/v1/relationships", {"parties": PARTIES, "relationship_id": SENT}, [("body.relationship_id", NO_UUID)]),
    ("/v1/relationships", {"parties": PARTIES, "relationship_id": 7}, [("body.relationship_id", NO_UUID)]),
    ("/v1/relationships", {"parties": PARTIES, "programme": 7}, [("body.programme", "text is meant")]),
    ("/v1/relationships", {"parties": PARTIES, "programme": SENT * 9},
     [("body.programme", "too long: the most characters are 100")]),
    ("/v1/relationships", _opening(role=SENT), [
        ("body.parties.0.role", "one of 'mentor', 'mentee', 'coordinator' or 'service' is meant")]),
    ("/v1/relationships", _opening(role="mentor", identities=["  "]),
     [("body.parties.0.identities.0", "too short: the fewest characters are 3")]),
    ("/v1/relationships/{}/agreements", {"cadence_days": SENT}, [("body.cadence_days", "a number is meant")]),
    ("/v1/relationships/{}/agreements", {"cadence_days": 0.5}, [("body.cadence_days", "1.0 or more is meant")]),
    ("/v1/relationships/{}/agreements", {"cadence_days": 3661}, [
        ("body.cadence_days", "3660.0 or less is meant")]),
    ("/v1/relationships/{}/agreements", {"duration_months": 1.5}, [
        ("body.duration_months", "a whole number is meant")]),
    ("/v1/relationships/{}/fresh-looks", {"measures": [LOOK | {"by_when": SENT}]},
     [("body.measures.0.by_when", NO_TIME)]),
    ("/v1/relationships/{}/fresh-looks", {"measures": [LOOK | {"by_when": 1767225600}]},
     [("body.measures.0.by_when", NO_TIME)]),
    ("/v1/relationships/{}/fresh-looks", {"measures": [LOOK | {"by_when": "2026-02-30T00:00:00Z"}]},
     [("body.measures.0.by_when", "there is no such time")]),
    ("/v1/relationships/{}/fresh-looks", {"measures": [LOOK | {"by_when": "2026-02-01T00:00:00"}]},
     [("body.measures.0.by_when", NO_TIME)]),
    (f"/v1/relationships/{SENT}/stagnation", None, [("path.relationship_id", NO_UUID)]),
    ("/v1/relationships/{}/agreements/0/signatures", None, [("path.version", "1 or more is meant")]),
    ("/v1/relationships/{}/agreements/x/signatures", None, [("path.version", "a whole number is meant")]),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "faults"), REQUESTS)
async def test_what_does_not_fit_is_told_in_our_words(
    http: httpx.AsyncClient, path: str, body: Any, faults: list[tuple[str, str]]
) -> None:
    content = {} if body is None else {"json": body}
    answer = await http.post(path.format(SOME), headers=AS_COORDINATOR, **content)
    assert answer.json() == _unfit(*faults)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert SENT not in answer.text


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ({"limit": "0"}, "1 or more is meant"),
        ({"limit": "9" * 5000}, "a whole number is meant"),
        ({"limit": "٣x"}, "a whole number is meant"),
        ({"after": "-1"}, "0 or more is meant"),
        ({"after": str(2**62 + 1)}, f"{2**62} or less is meant"),
        ({"beyond": "x"}, NO_UUID),
        ({"state": SENT},
         "one of 'onboarding', 'agreement', 'active', 'stagnation' or 'closure' is meant"),
    ],
)  # fmt: skip
async def test_so_is_a_query(http: httpx.AsyncClient, query: dict[str, str], what: str) -> None:
    (name,) = query
    answer = await http.get("/v1/relationships", params=query)
    assert answer.json() == _unfit((f"query.{name}", what))


async def test_everything_is_told_at_once(http: httpx.AsyncClient) -> None:
    headers = AS_OPERATOR | {"Idempotency-Key": "k" * 256}
    answer = await http.post("/v1/clock", json={SENT: 1}, headers=headers)
    assert answer.json() == _unfit(
        ("header.Idempotency-Key", "too long: the most characters are 255"),
        ("body.to", "it is needed, and missing"),
        ("body", "a member that is not known here"),
    )


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        (b'{"parties": [', [{"where": "body", "what": "not JSON from character 13 on"}]),
        (SENT.encode(), [{"where": "body", "what": "not JSON from character 0 on"}]),
        (b"\xff\xfe{", None),
        (b"[" * 100_000, None),
        (b'{"programme": ' + b"9" * 5000 + b"}", None),
    ],
)
async def test_a_body_that_is_no_json_is_told_apart(
    http: httpx.AsyncClient, content: bytes, faults: list[dict[str, str]] | None
) -> None:
    headers = AS_COORDINATOR | {"content-type": "application/json"}
    answer = await http.post("/v1/relationships", content=content, headers=headers)
    told_of = answer.json()
    assert (answer.status_code, told_of["code"], told_of["detail"]) == (
        400, "body_malformed", "the body is not JSON",
    )  # fmt: skip
    assert told_of.get("faults") == faults


@pytest.mark.parametrize("media", [None, "text/plain", "application/x-www-form-urlencoded", "json"])
async def test_a_body_says_that_it_is_json(http: httpx.AsyncClient, media: str | None) -> None:
    headers = AS_COORDINATOR | ({} if media is None else {"content-type": media})
    answer = await http.post("/v1/relationships", content=b'{"parties": []}', headers=headers)
    assert answer.json() == {
        "type": "urn:mentoring:problem:media_type_unknown",
        "title": "Unsupported Media Type",
        "status": 415,
        "detail": "the body comes as application/json, and says so",
        "code": "media_type_unknown",
    }


def test_the_table_knows_only_kinds_that_there_are() -> None:
    assert SENTENCES.keys() <= set(get_args(ErrorType))


def test_a_kind_without_a_sentence_is_told_without_pydantics_own() -> None:
    fault = {"type": "url_parsing", "loc": ("body", "x"), "msg": f"{SENT} is no URL", "ctx": {"error": SENT}}
    assert [one.what for one in told([fault])] == [OTHERWISE]


def test_a_kind_of_our_own_brings_its_sentence() -> None:
    fault = {"type": "time_invalid", "loc": ("body", "x"), "msg": "there is no such time"}
    assert [one.what for one in told([fault])] == ["there is no such time"]


async def test_of_very_many_faults_the_first_are_told(http: httpx.AsyncClient) -> None:
    for body, first in (
        ({str(number): 1 for number in range(20_000)}, ("body.parties", "it is needed, and missing")),
        ({"parties": [{}] * 60_000}, ("body.parties.0.role", "it is needed, and missing")),
    ):
        answer = await http.post("/v1/relationships", json=body, headers=AS_COORDINATOR)
        assert answer.status_code == 422
        assert f"the first {MOST_TOLD} of " in answer.json()["detail"]
        assert len(answer.json()["faults"]) == MOST_TOLD
        assert tuple(answer.json()["faults"][0].values()) == first
