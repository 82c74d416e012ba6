"""An older backup of the facts is put into the place of the database, under a service that goes on.

What was taken in since the backup is taken in again, which the broker still has. The seed is printed, and another is
taken from ``TEST_SEED``.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from tests.end_to_end.places import beginning
from tests.end_to_end.plan import make
from tests.end_to_end.service import Up
from tests.faults.disturbed import compare, until_health
from tests.faults.driving import Driver
from tests.faults.recovery import Recoveries
from tests.postgres import PostgresServer
from tests.seed import SEED


async def test_a_backup_restored_under_a_service_is_gone_on_from(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    plan = make(SEED, quiet=2, busy=8, messages=900)
    plan = replace(plan, before=[*plan.before, *plan.steps], steps=[])  # what no broker keeps is lost
    begins = beginning(tmp_path / "disturbed", postgres)

    async def restored(driver: Driver, up: Up) -> None:
        some = len(plan.messages) // 3
        await driver.publish(some)
        await up.taken_in(plan.early + some // 2)
        backup = await asyncio.to_thread(postgres.back_up, begins.facts)
        await driver.publish(some)
        await up.taken_in(plan.early + some + some // 2)
        await asyncio.to_thread(postgres.restore, begins.facts, backup)
        with (recoveries := Recoveries()).timed():
            await up.taken_in(plan.early + 2 * some)
        await until_health(up, lambda status, _: status == "ok")
        print(f"the backup is restored: {recoveries}")  # noqa: T201 pytest shows it where the test fails, or with -s

    assert not await compare(tmp_path, begins, plan, restored)
