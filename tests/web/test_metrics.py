"""The figures that Prometheus collects."""

from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.web.conftest import active
from workflow.app import Service
from workflow.web.api import side_door


def figures(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_the_log_the_projections_and_the_messages_are_told_of(
    http: httpx.AsyncClient, service: Service
) -> None:
    await active(http)
    answer = await http.get("/metrics")
    assert answer.status_code == 200
    told = figures(answer.text)
    head = service.store.head()
    assert told["mentoring_healthy", frozenset()] == 1
    assert told["mentoring_log_head", frozenset()] == head
    assert told["mentoring_projection_position", frozenset({("projection", "agenda")})] <= head
    assert told["mentoring_messages", frozenset({("disposition", "applied")})] == 0
    assert told["process_resident_memory_bytes", frozenset()] > 0


async def test_a_process_that_answers_nothing_else_tells_its_health_and_its_figures(service: Service) -> None:
    transport = httpx.ASGITransport(side_door(service))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert (await client.get("/v1/health")).json()["status"] == "ok"
        assert "mentoring_log_head" in (await client.get("/metrics")).text
        answer = await client.get("/v1/relationships")
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("this process is no `api`")
