from __future__ import annotations

import httpx

from tests.web.conftest import ADA, GRACE, opened
from workflow.app import Service
from workflow.consumers.asking import Unaskable
from workflow.consumers.clock import told
from workflow.web.health import STANDS_STILL, Watch


async def test_health_tells_that_all_is_well(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/health")
    health = answer.json()
    assert answer.status_code == 200
    assert (health["status"], health["troubles"], health["clock"]) == ("ok", [], "simulated")
    assert {one["name"] for one in health["projections"]} == {"relationships", "journey", "agenda"}


async def test_health_tells_what_has_stopped(http: httpx.AsyncClient, service: Service) -> None:
    service.writer.stop()
    answer = await http.get("/v1/health")
    assert answer.status_code == 503
    assert answer.json()["status"] == "degraded"
    assert "writer" in answer.json()["troubles"][0]


async def test_a_trouble_is_told_without_what_its_exception_says(
    http: httpx.AsyncClient, service: Service
) -> None:
    service.driver.trouble = "KeyError: ada@example.org"
    (trouble,) = (await http.get("/v1/health")).json()["troubles"]
    assert trouble == "the clock cannot ask: KeyError"


async def test_health_names_whom_the_clock_could_not_ask(http: httpx.AsyncClient, service: Service) -> None:
    fault = Unaskable(ADA, KeyError("ada@example.org"))
    service.driver.trouble = told({ADA: fault, GRACE: fault})
    answer = await http.get("/v1/health")
    assert answer.status_code == 503
    assert answer.json()["troubles"] == [f"the clock cannot ask: relationship {ADA}, {GRACE}"]


async def test_a_projection_that_stands_still_is_noticed(http: httpx.AsyncClient, service: Service) -> None:
    now = [0.0]
    transport = http._transport
    assert isinstance(transport, httpx.ASGITransport)
    transport.app.state.watch = Watch(lambda: now[0])  # type: ignore[attr-defined]
    service.runner.stop()
    await opened(http)
    assert (await http.get("/v1/health")).status_code == 200
    now[0] += STANDS_STILL
    answer = await http.get("/v1/health")
    assert answer.status_code == 503
    assert all("stands still" in trouble for trouble in answer.json()["troubles"])


def test_a_mark_that_moves_or_has_nothing_before_it_is_not_stuck() -> None:
    now = [0.0]
    watch = Watch(lambda: now[0])
    for mark, lag in ((1, 5), (2, 9), (3, 20), (3, 0), (3, 0)):
        assert not watch.stuck("one", mark, lag)
        now[0] += STANDS_STILL
    assert watch.stuck("one", 3, 1)
    assert not watch.stuck("one", 4, 1)
