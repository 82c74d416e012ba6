"""The figures of one process, in the form that Prometheus collects."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from workflow.app import Service
from workflow.projections.rows.generations import RunState
from workflow.web.asking import Serving
from workflow.web.health import Health, look

router = APIRouter(tags=["operations"])


@router.get(
    "/metrics",
    summary="Tell the figures of this process",
    response_class=Response,
    responses={200: {"content": {CONTENT_TYPE_LATEST.partition(";")[0]: {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request, service: Serving) -> Response:
    """In the text format of Prometheus. It is answered without a token, and holds nothing personal."""
    found = await look(service, request.app.state.watch, alone=request.app.state.alone)
    registry = CollectorRegistry()
    registry.register(_Figures(service, found))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return Response(await run_in_threadpool(generate_latest, registry), media_type=CONTENT_TYPE_LATEST)


class _Figures(Collector):
    """What health tells and the ledger counts, at one moment."""

    def __init__(self, service: Service, health: Health) -> None:
        self._service = service
        self._health = health

    def collect(self) -> Iterator[Metric]:
        """Every figure."""
        health = self._health
        yield GaugeMetricFamily(
            "mentoring_healthy",
            "1 where all is well, 0 where health tells troubles",
            value=not health.troubles,
        )
        yield GaugeMetricFamily(
            "mentoring_log_head", "The position of the last event in the log", value=health.head
        )
        yield from self._of_projections()
        if health.intake is not None:
            yield GaugeMetricFamily(
                "mentoring_intake_behind",
                "Messages that the broker holds and that are not taken in",
                value=health.intake.behind or 0,
            )
        if health.delivery is not None:
            yield GaugeMetricFamily(
                "mentoring_delivery_lag",
                "Events recorded and not yet gone through by delivery",
                value=health.delivery.lag,
            )
        yield from self._of_messages()
        yield CounterMetricFamily(
            "mentoring_commits_overtaken",
            "Commits of this process that were decided anew, because others had written meanwhile",
            value=self._service.writer.overtaken,
        )

    def _of_projections(self) -> Iterator[Metric]:
        position = GaugeMetricFamily(
            "mentoring_projection_position",
            "The position that a projection has folded",
            labels=["projection"],
        )
        lag = GaugeMetricFamily(
            "mentoring_projection_lag", "Events recorded and not yet folded", labels=["projection"]
        )
        paused = GaugeMetricFamily(
            "mentoring_projection_paused",
            "1 where a projection is paused, by hand or a failure",
            labels=["projection"],
        )
        for one in self._health.projections:
            position.add_metric([one.name], one.position)
            lag.add_metric([one.name], one.lag)
            paused.add_metric([one.name], one.status is RunState.PAUSED)
        yield from (position, lag, paused)

    def _of_messages(self) -> Iterator[Metric]:
        messages = GaugeMetricFamily(
            "mentoring_messages", "Messages received, by what became of them", labels=["disposition"]
        )
        with self._service.store.ledger() as ledger:
            for disposition, number in ledger.receipts.counts().items():
                messages.add_metric([disposition.value], number)
        yield messages
