"""The programme's questions over HTTP: as JSON and CSV, narrowed by what narrows them and nothing else."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.web.conftest import ADA, AS_COORDINATOR, AS_MENTOR, AS_OPERATOR, GRACE, PARTIES, active, opened
from tests.web.messages import take_held
from workflow.app import Service
from workflow.lifecycle import offline
from workflow.projections.questions.catalogue import QUESTIONS
from workflow.settings import ClockKind, Settings
from workflow.web.api import create_app

GIVEN = {
    "programme": "default",
    "from": "2026-01-01",
    "to": "2026-02-28",
    "day": "2026-01-15",
    "cohort": "2026-01",
    "state": "active",
}


async def rows(http: httpx.AsyncClient, question: str, **query: str) -> list[dict[str, Any]]:
    answer = await http.get(f"/v1/analytics/{question}", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


async def folded(http: httpx.AsyncClient, service: Service) -> str:
    """Two relationships that nobody heard of since: one was active, of which this is the id, the other is not yet."""
    relationship = await active(http)
    await opened(http)
    await http.post("/v1/clock", json={"to": "2026-03-01T00:00:00Z"}, headers=AS_OPERATOR)
    await service.folded((), service.store.head())
    return relationship


async def lived(http: httpx.AsyncClient, service: Service) -> None:
    """The pair that was silent takes a fresh look, meets and comes back; another relationship is closed."""

    async def told(relationship: str, path: str, who: dict[str, str], body: object = None) -> Any:
        answer = await http.post(f"/v1/relationships/{relationship}/{path}", json=body, headers=who)
        assert answer.status_code == 201, answer.text
        return answer.json()

    pair, other = await folded(http, service), await opened(http)
    measures = [{"what": "walk", "who": str(who), "by_when": "2026-04-01T00:00:00Z"} for who in (ADA, GRACE)]
    looked = await told(pair, "fresh-looks", AS_MENTOR, {"measures": measures})
    take_held(service, UUID(pair))
    await told(pair, f"measures/{looked['measures'][0]}/completion", AS_MENTOR)
    await told(pair, "check-ins", AS_MENTOR, {"new_perspectives": 5, "comfort": 5, "equality": 5})
    await told(other, "closure", AS_COORDINATOR, {"manner": "administrative", "reason": "mismatch"})
    await service.folded((), service.store.head())


async def test_the_catalogue_explains_every_question_and_view(http: httpx.AsyncClient) -> None:
    told = (await http.get("/v1/analytics")).json()
    assert [one["name"] for one in told["questions"]] == list(QUESTIONS)
    assert {one["view"] for one in told["views"]} >= {"analytics_relationships", "analytics_dialogue"}
    for one in (*told["questions"], *told["views"]):
        assert all(column["meaning"] for column in one["columns"])


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_question_is_answered_alike_as_json_and_csv_with_the_columns_that_it_names(
    http: httpx.AsyncClient, service: Service, question: str
) -> None:
    await lived(http, service)
    filters = {name: GIVEN[name] for name in QUESTIONS[question].filters}
    for query in ({}, filters):
        answer = await http.get(f"/v1/analytics/{question}", params=query)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert told["position"] == service.store.head()
        names = [column["name"] for column in told["columns"]]
        assert told["rows"] or query
        assert all(list(row) == names for row in told["rows"])
        as_csv = await http.get(f"/v1/analytics/{question}", params=query, headers={"Accept": "text/csv"})
        assert as_csv.headers["content-type"].startswith("text/csv")
        assert as_csv.headers["mentoring-position"] == str(told["position"])
        header, *lines = csv.reader(io.StringIO(as_csv.text, newline=""))
        assert header == names
        assert lines == [
            ["" if value is None else str(value) for value in row.values()] for row in told["rows"]
        ]


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_filter_that_does_not_narrow_a_question_is_refused(
    http: httpx.AsyncClient, question: str
) -> None:
    for name in GIVEN.keys() - set(QUESTIONS[question].filters):
        answer = await http.get(f"/v1/analytics/{question}", params={name: GIVEN[name]})
        assert (answer.status_code, answer.json()["code"]) == (422, "query_unknown")
        assert question in answer.json()["detail"]


@pytest.mark.parametrize(
    ("question", "query"),
    [
        ("days", {"from": "2026-02-01", "to": "2026-01-01"}),
        ("days", {"from": "2000-01-01", "to": "2026-01-01"}),
        ("days", {"from": "9999-12-31"}),
        ("days", {"from": "yesterday"}),
        ("day", {"day": "2026-02-30"}),
        ("day", {"day": "0001-01-01"}),
        ("states", {"cohort": "2026-13"}),
        ("states", {"state": "happy"}),
        ("states", {"format": "xlsx"}),
        ("states", {"programme": "x" * 101}),
    ],
)
async def test_a_filter_that_cannot_be_is_refused(
    http: httpx.AsyncClient, question: str, query: dict[str, str]
) -> None:
    assert (await http.get(f"/v1/analytics/{question}", params=query)).status_code == 422


async def test_a_question_that_is_not_there_is_refused_with_those_that_are(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/analytics/persons")
    assert (answer.status_code, answer.json()["code"]) == (404, "question_unknown")
    assert "states, day, days" in answer.json()["detail"]


async def test_what_the_query_says_outdoes_what_is_accepted(http: httpx.AsyncClient) -> None:
    async def kind(accept: str, **query: str) -> str:
        answer = await http.get("/v1/analytics/goals", params=query, headers={"Accept": accept})
        return answer.headers["content-type"].split(";")[0]

    assert await kind("text/csv;q=0.9, */*;q=0.1") == "text/csv"
    assert await kind("application/json, text/csv") == "application/json"
    assert await kind("*/*") == "application/json"
    assert await kind("application/json", format="csv") == "text/csv"
    assert await kind("text/csv", format="json") == "application/json"


async def test_a_programme_is_no_formula_in_a_spreadsheet(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, clock=ClockKind.SIMULATED, programme='=HYPERLINK("x")')
    async with offline(settings) as service:
        transport = httpx.ASGITransport(create_app(service))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            await opened(http)
            await http.post("/v1/clock", json={"to": "2026-03-01T00:00:00Z"}, headers=AS_OPERATOR)
            answer = await http.get("/v1/analytics/concerns", params={"format": "csv"})
    _, *lines = csv.reader(io.StringIO(answer.text, newline=""))
    assert lines
    assert {line[0] for line in lines} == {'\'=HYPERLINK("x")'}


async def test_an_answer_includes_what_was_written_at_the_position_named(http: httpx.AsyncClient) -> None:
    for number in range(1, 4):
        written = await http.post("/v1/relationships", json={"parties": PARTIES}, headers=AS_COORDINATOR)
        (row,) = await rows(http, "states", after=str(written.json()["position"]))
        assert (row["state"], row["now"]) == ("onboarding", number)


async def test_figures_of_different_moments_are_not_told(http: httpx.AsyncClient, service: Service) -> None:
    await folded(http, service)
    await http.post("/v1/projections/meetings/pause", headers=AS_OPERATOR)
    assert (await http.get("/v1/analytics/meetings")).status_code == 200
    await opened(http)
    await service.folded(("relationships", "journey"), service.store.head())
    answer = await http.get("/v1/analytics/meetings")
    assert (answer.status_code, answer.json()["code"]) == (503, "moments_differ")
    assert (await http.get("/v1/analytics/states")).status_code == 200


async def test_states_are_told_now_ever_and_by_the_end_of_a_day(
    http: httpx.AsyncClient, service: Service
) -> None:
    await folded(http, service)
    now = {row["state"]: (row["now"], row["ever"]) for row in await rows(http, "states")}
    assert now == {"onboarding": (1, 2), "agreement": (0, 1), "active": (0, 1), "stagnation": (1, 1)}
    (begun,) = {
        row["opened"] for row in await rows(http, "days", **{"from": _first(service), "to": _first(service)})
    }
    assert begun == 2
    found = {
        row["name"]: row["number"]
        for row in await rows(http, "day", day=_first(service))
        if row["what"] == "state"
    }
    assert found == {"onboarding": 1, "agreement": 0, "active": 1, "stagnation": 0, "closure": 0}


def _first(service: Service) -> str:
    """The day on which all of it began."""
    return service.store.read(0, 1)[0].event.occurred_at.date().isoformat()
