"""An older backup takes the place of the database under writers that go on: what was lost is not gone on from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from tests.patience import PATIENCE
from tests.postgres import PostgresServer
from workflow.aggregates.policy import Policy, parse_policy
from workflow.aggregates.programme import programme_id
from workflow.clocks import RealClock
from workflow.store.event_store import EventStore
from workflow.store.keys import KeyStore
from workflow.store.postgres.keys import KeyDatabase
from workflow.store.postgres.recorder import PostgresDatabase
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction
from workflow.store.writer import Writer

ORIGIN = Origin("test")
LOST, NEW = (parse_policy(f"[onboarding]\nstuck_after_days = {days}") for days in (40, 50))


@contextmanager
def writing(facts: str, keys: str) -> Iterator[tuple[Writer, EventStore]]:
    kept = KeyStore(KeyDatabase(keys), bytes(range(32)))
    store = EventStore(PostgresDatabase(facts), kept)
    writer = Writer(store, RealClock())
    writer.start()
    yield writer, store
    for end in (writer.stop, store.close, kept.close):
        end()


def do(writer: Writer, unit: Any) -> Any:
    return writer.submit(unit).result(PATIENCE).value


def opened(name: str) -> Any:
    return lambda tx: tx.open_programme(name, "UTC", Policy(), ORIGIN) and None


def version(tx: Transaction) -> int:
    return tx.known_programme("restored").version


@pytest.mark.parametrize("names", [["a"], ["a", "b", "c"]], ids=["as far", "farther"])
def test_what_a_backup_does_not_hold_is_not_decided_by_although_others_have_written_since(
    postgres: PostgresServer, names: list[str]
) -> None:
    facts, keys = postgres.database(), postgres.database()
    with ExitStack() as stack:
        (one, store), (other, _) = (stack.enter_context(writing(facts, keys)) for _ in range(2))
        do(one, opened("restored"))
        held = do(one, version)
        backup = postgres.back_up(facts)
        for policy in (LOST, NEW):
            do(one, lambda tx, policy=policy: tx.adopt_policy("restored", policy, ORIGIN))
        known = one.head
        postgres.restore(facts, backup)
        for name in names:
            do(other, opened(name))
        assert other.head >= known
        assert do(one, version) == held
        do(one, lambda tx: tx.adopt_policy("restored", NEW, ORIGIN))
        versions = [recorded.version for recorded in store.stream(programme_id("restored"))]
        assert versions == list(range(1, held + 2))
