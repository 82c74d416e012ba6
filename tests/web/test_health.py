from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import AsyncMock, Mock

import httpx
import pytest

from tests.web.broker import Broker
from tests.web.conftest import ADA, GRACE, opened
from workflow.app import Service
from workflow.app.chore import Chore
from workflow.consumers.delivery.status import DeliveryStatus
from workflow.consumers.meetings.intake import Intake
from workflow.consumers.meetings.status import IntakeStatus
from workflow.consumers.transport.broker import make_broker
from workflow.consumers.transport.server import NatsServer
from workflow.consumers.unaskable import Unaskable, told
from workflow.errors import Conflict, Unavailable
from workflow.lifecycle import offline
from workflow.projections.catalogue import PROJECTIONS
from workflow.settings import Settings
from workflow.web.api import create_app
from workflow.web.health import STANDS_STILL, Watch


async def test_health_tells_that_all_is_well(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/health")
    health = answer.json()
    assert answer.status_code == 200
    assert (health["status"], health["troubles"], health["clock"]) == ("ok", [], "simulated")
    assert {one["name"] for one in health["projections"]} == {one.name for one in PROJECTIONS}


async def test_health_tells_what_has_stopped(http: httpx.AsyncClient, service: Service) -> None:
    service.writer.stop()
    answer = await http.get("/v1/health")
    assert answer.status_code == 503
    assert answer.json()["status"] == "degraded"
    assert "writer" in answer.json()["troubles"][0]


async def test_a_trouble_is_told_without_what_its_exception_says(
    http: httpx.AsyncClient, service: Service
) -> None:
    service.upkeep.driver.trouble = "KeyError: ada@example.org"
    (trouble,) = (await http.get("/v1/health")).json()["troubles"]
    assert trouble == "the clock cannot ask: KeyError"


async def test_so_is_one_of_what_this_process_folds_for_all(
    http: httpx.AsyncClient, service: Service
) -> None:
    service.projecting = SimpleNamespace(trouble="KeyError: ada@example.org", wake=Mock())  # type: ignore[assignment]
    (trouble,) = (await http.get("/v1/health")).json()["troubles"]
    assert trouble == "projections cannot go on: KeyError"


async def test_health_counts_whom_the_clock_could_not_ask(http: httpx.AsyncClient, service: Service) -> None:
    fault = Unaskable(ADA, KeyError("ada@example.org"))
    for left, said in (
        ({ADA: fault}, "a relationship that the log names"),
        ({ADA: fault, GRACE: fault}, "2 relationships that the log names"),
    ):
        service.upkeep.driver.trouble = told(left)
        answer = await http.get("/v1/health")
        assert answer.status_code == 503
        assert answer.json()["troubles"] == [f"the clock cannot ask: {said}"]


async def test_health_names_nobody_whatever_fails(
    http: httpx.AsyncClient, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    named = f"something else is kept under {ADA}, in {ADA.hex}"

    async def fail() -> None:
        raise Conflict(named, code="id_taken")

    service.upkeep.driver.trouble = f"Stopped: {named}"
    service.upkeep.expiry = Chore(fail, service.upkeep.expiry.undone, every=3600)
    service.upkeep.asking = Chore(fail, service.upkeep.asking.undone, every=3600)
    chores = [asyncio.create_task(one.run()) for one in (service.upkeep.expiry, service.upkeep.asking)]
    stopped = IntakeStatus("stopped", f"the gap {ADA}/0:1-2", None, f"{ADA}/0", 5, 3)
    service.taking_in.intakes[0] = SimpleNamespace(status=stopped, stop=AsyncMock())  # type: ignore[assignment]
    delivery = DeliveryStatus("stopped", named, None, 3)
    told_out = SimpleNamespace(status=delivery, stop=Mock(), close=AsyncMock())
    service.delivering.delivery = told_out  # type: ignore[assignment]
    service.server = NatsServer(service.folder.broker)
    service.server.trouble = named
    await asyncio.sleep(0)
    told = (await http.get("/v1/health")).json()
    for one in chores:
        one.cancel()
    service.server.trouble = None
    assert told.pop("instance") == str(service.instance)
    assert len(told["troubles"]) == 6
    assert str(ADA) not in str(told)
    assert ADA.hex not in str(told)
    assert str(ADA) in caplog.text


async def test_a_process_that_cannot_publish_is_not_well(http: httpx.AsyncClient, service: Service) -> None:
    broker = Broker()
    service.publisher = broker  # type: ignore[assignment]
    assert (await http.get("/v1/health")).status_code == 200
    broker.trouble = "the broker has gone away"
    answer = await http.get("/v1/health")
    assert answer.status_code == 503
    assert answer.json()["troubles"] == ["nothing can be published by this process: the broker has gone away"]


async def test_rows_of_other_columns_stopped_on_no_event(settings: Settings) -> None:
    async with offline(settings) as service:
        views = service.folder.views
    with closing(sqlite3.connect(views)) as connection, connection:
        connection.execute("UPDATE projections SET shape = 'another' WHERE name = 'goals'")
    async with offline(settings) as service:
        transport = httpx.ASGITransport(create_app(service))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            (trouble,) = (await http.get("/v1/health")).json()["troubles"]
    assert trouble == "projection goals is paused; `mentoring projections status` says why"


async def test_a_projection_that_stands_still_is_noticed(http: httpx.AsyncClient, service: Service) -> None:
    now = [0.0]
    transport = http._transport
    assert isinstance(transport, httpx.ASGITransport)
    transport.app.state.watch = Watch(lambda: now[0])  # type: ignore[attr-defined]
    service.projections.stop()
    await opened(http)
    assert (await http.get("/v1/health")).status_code == 200
    now[0] += STANDS_STILL
    answer = await http.get("/v1/health")
    assert answer.status_code == 503
    troubles = answer.json()["troubles"]
    assert troubles
    assert all("stands still" in trouble for trouble in troubles)


async def test_messages_that_lie_untaken_while_intake_is_in_trouble_are_noticed(
    http: httpx.AsyncClient, service: Service
) -> None:
    now = [0.0]
    transport = http._transport
    assert isinstance(transport, httpx.ASGITransport)
    transport.app.state.watch = Watch(lambda: now[0])  # type: ignore[attr-defined]
    standing = IntakeStatus("running", None, "the disk is full", "one/0", 5, 3)
    service.taking_in.intakes[0] = SimpleNamespace(status=standing, stop=AsyncMock())  # type: ignore[assignment]
    assert (await http.get("/v1/health")).json()["intake"]["behind"] == 3
    now[0] += STANDS_STILL
    assert (await http.get("/v1/health")).json()["troubles"] == [
        "intake is in trouble and tries again: the disk is full",
        "intake stands still at 5, 3 behind",
    ]
    assert (await http.get("/v1/intake")).json()["behind"] == 3


def test_a_mark_that_moves_or_has_nothing_before_it_is_not_stuck() -> None:
    now = [0.0]
    watch = Watch(lambda: now[0])
    for mark, lag in ((1, 5), (2, 9), (3, 20), (3, 0), (3, 0)):
        assert not watch.stuck("one", mark, lag)
        now[0] += STANDS_STILL
    assert watch.stuck("one", 3, 1)
    assert not watch.stuck("one", 4, 1)


async def test_what_ends_by_itself_is_told(http: httpx.AsyncClient, service: Service) -> None:
    async def fall() -> None:
        raise KeyError("ada@example.org")

    service.parts.keep(fall(), "clock")
    while not service.parts.ended:  # noqa: ASYNC110
        await asyncio.sleep(0)
    (trouble,) = (await http.get("/v1/health")).json()["troubles"]
    assert trouble == "clock has ended: KeyError; start the service anew"


async def test_what_has_waited_too_long_is_parked_once_it_can_be(
    http: httpx.AsyncClient, service: Service
) -> None:
    outcomes: list[Exception | None] = [Unavailable("the disk is full"), RuntimeError(), None]
    shown: list[list[str]] = []

    async def park() -> None:
        shown.append((await http.get("/v1/health")).json()["troubles"])
        if outcome := outcomes.pop(0):
            raise outcome

    service.upkeep.expiry = Chore(park, service.upkeep.expiry.undone, every=3600, shortest_pause=0)
    running = asyncio.create_task(service.upkeep.expiry.run())
    while outcomes:  # noqa: ASYNC110
        await asyncio.sleep(0)
    running.cancel()
    said = "what has waited too long cannot be parked: "
    assert shown == [[], [f"{said}the disk is full"], [f"{said}RuntimeError"]]
    assert (await http.get("/v1/health")).status_code == 200


async def test_of_whom_a_chore_leaves_something_undone_is_told(
    http: httpx.AsyncClient, service: Service
) -> None:
    left = [None, "a relationship that the log names", None]
    shown: list[list[str]] = []

    async def confirm() -> None:
        shown.append((await http.get("/v1/health")).json()["troubles"])

    undone = service.upkeep.destroying.undone
    service.upkeep.destroying = Chore(confirm, undone, every=0, left=lambda: left.pop(0))
    running = asyncio.create_task(service.upkeep.destroying.run())
    while left:  # noqa: ASYNC110
        await asyncio.sleep(0)
    running.cancel()
    assert shown == [[], [], [f"{undone}: a relationship that the log names"]]
    assert (await http.get("/v1/health")).status_code == 200


async def test_intake_that_has_not_begun_is_told(http: httpx.AsyncClient, service: Service) -> None:
    service.taking_in.intakes[0] = intake = Intake(
        make_broker("nats://127.0.0.1:9"), service.writer, service.resolver, service.new_id
    )
    service.parts.begin(intake.start(), "intake begins")
    await asyncio.sleep(0)
    (trouble,) = (await http.get("/v1/health")).json()["troubles"]
    assert trouble == "intake has not begun: there is no answer yet from the broker"


async def test_each_part_is_stopped_whatever_the_others_raise(settings: Settings) -> None:
    def fail() -> None:
        raise RuntimeError("lost")

    async with offline(settings) as service:
        stop = service.projections.stop
        service.projections.stop = fail  # type: ignore[method-assign]
        with pytest.raises(RuntimeError, match="lost"):
            await service.end()
        service.projections.stop = stop  # type: ignore[method-assign]
    assert not service.writer.alive
    with pytest.raises(sqlite3.ProgrammingError):
        service.keys.destroyed("one")
    async with offline(settings):
        pass


async def test_a_broker_that_cannot_write_is_told(
    http: httpx.AsyncClient, service: Service, tmp_path: Path
) -> None:
    service.server = NatsServer(tmp_path / "nats")
    service.server.trouble = "cannot write to its disk, and stores nothing: make room"
    answer = await http.get("/v1/health")
    assert answer.status_code == 503
    assert answer.json()["troubles"] == [f"the NATS server {service.server.trouble}"]
    service.server.trouble = None
    assert (await http.get("/v1/health")).status_code == 200
