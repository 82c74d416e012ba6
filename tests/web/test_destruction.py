"""What a party wrote is destroyed: asked for, done, said, and done for good."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.web.conftest import AS_COORDINATOR, AS_MENTEE, AS_MENTOR, GRACE, active, names, of, opened
from tests.web.messages import became, booked
from workflow.app import Service
from workflow.lifecycle import offline
from workflow.settings import Settings
from workflow.store.keys import KeyDestroyed
from workflow.store.receipts import Disposition
from workflow.store.recorded import Recorded
from workflow.store.transaction import Transaction
from workflow.web.api import create_app


async def wrote(http: httpx.AsyncClient, relationship: str, who: dict[str, str], text: str) -> None:
    answer = await http.post(f"/v1/relationships/{relationship}/goals", json={"text": text}, headers=who)
    assert answer.status_code == 201, answer.text


def goals(service: Service, relationship: str) -> list[Recorded]:
    found = service.store.stream(UUID(relationship))
    return [one for one in found if one.event.name == "mentoring.goal_set.v1"]


async def asked(
    http: httpx.AsyncClient, relationship: str, *, who: dict[str, str] = AS_MENTEE, identities: bool = False
) -> httpx.Response:
    body = {"identities": identities}
    return await http.post(f"{of(relationship, GRACE)}/destruction", json=body, headers=who)


async def test_what_it_wrote_is_gone_and_what_others_wrote_is_not(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = await active(http)
    await wrote(http, relationship, AS_MENTEE, "to be braver")
    await wrote(http, relationship, AS_MENTOR, "to listen more")
    assert (await asked(http, relationship)).status_code == 201
    await service.upkeep.destructions.destroyer.run()
    hers, his = goals(service, relationship)
    with pytest.raises(KeyDestroyed):
        service.store.unseal(hers, "text")
    assert service.store.unseal(his, "text") == "to listen more"
    (row,) = sqlite3.connect(service.folder.keys).execute(
        "SELECT wrapped FROM keys WHERE scope = ?", (f"{relationship}/{GRACE}",)
    )
    assert row == (None,)
    told = names(service, relationship)
    assert (told["destruction_requested"], told["destroyed"]) == (1, 1)


async def test_what_it_writes_afterwards_is_decided_and_not_kept(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = await active(http)
    await asked(http, relationship)
    await service.upkeep.destructions.destroyer.run()
    await wrote(http, relationship, AS_MENTEE, "to be braver still")
    (late,) = goals(service, relationship)
    assert late.event.model_dump()["text"] == "sealed"
    with pytest.raises(KeyDestroyed):
        service.store.unseal(late, "text")


async def test_asked_again_it_is_answered_alike_and_done_once(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = await active(http)
    for _ in range(2):
        assert (await asked(http, relationship)).status_code == 201
        await service.upkeep.destructions.destroyer.run()
    assert names(service, relationship)["destroyed"] == 1


async def test_who_may_ask(http: httpx.AsyncClient) -> None:
    relationship = await opened(http)
    refused = await asked(http, relationship, who=AS_MENTOR)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_ones_own")
    assert (await asked(http, relationship, who=AS_COORDINATOR)).status_code == 201


async def test_with_the_identities_no_message_finds_the_person_and_none_is_added(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = await opened(http)
    assert (await asked(http, relationship)).status_code == 201
    await service.upkeep.destructions.destroyer.run()
    booked(service, 1, "email:ada@example.org", "email:grace@example.org")
    assert became(service, 1) is Disposition.APPLIED
    assert (await asked(http, relationship, identities=True)).status_code == 201
    await service.upkeep.destructions.destroyer.run()
    booked(service, 2, "email:ada@example.org", "email:grace@example.org")
    assert became(service, 2) is Disposition.WAITING
    (opening,) = service.store.stream(UUID(relationship))[:1]
    assert service.store.unseal(opening, "parties.0.identities.0") == "email:ada@example.org"
    with pytest.raises(KeyDestroyed):
        service.store.unseal(opening, "parties.1.identities.0")
    added = await http.post(
        f"{of(relationship, GRACE)}/identities", json={"identity": "ext:portal:4711"}, headers=AS_MENTEE
    )
    assert (added.status_code, added.json()["code"]) == (409, "forgotten")
    assert names(service, relationship)["destroyed"] == 2


async def test_one_that_was_cut_short_is_finished_by_the_next_pass(
    http: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the keys went, and after it, before anything said so."""
    relationship = await active(http)
    destroy = service.keys.destroy

    def full(_: Iterable[str]) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    def cut(_: Transaction) -> None:
        raise sqlite3.OperationalError("cut short")

    monkeypatch.setattr(service.upkeep.destructions.destroyer, "_destroy", full)
    await asked(http, relationship)
    with pytest.raises(sqlite3.OperationalError):
        await service.upkeep.destructions.destroyer.run()
    assert not service.keys.destroyed(f"{relationship}/{GRACE}")
    monkeypatch.setattr(service.upkeep.destructions.destroyer, "_destroy", destroy)
    submit = service.upkeep.destructions.destroyer._submit
    monkeypatch.setattr(service.upkeep.destructions.destroyer, "_submit", lambda _: submit(cut))
    with pytest.raises(sqlite3.OperationalError):
        await service.upkeep.destructions.destroyer.run()
    assert service.keys.destroyed(f"{relationship}/{GRACE}")
    assert names(service, relationship)["destroyed"] == 0
    monkeypatch.setattr(service.upkeep.destructions.destroyer, "_submit", submit)
    await service.upkeep.destructions.destroyer.run()
    assert names(service, relationship)["destroyed"] == 1


@pytest.mark.parametrize("page", [1, 100])
async def test_one_that_cannot_be_confirmed_holds_up_no_other(
    http: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr("workflow.consumers.destruction.PAGE", page)
    relationships = [await opened(http) for _ in range(3)]
    for relationship in relationships:
        assert (await asked(http, relationship)).status_code == 201
    first = service.upkeep.destructions.asked(1)[0].relationship
    decide = Transaction.decide

    def deciding(tx: Transaction, id: UUID, *rest: Any, **more: Any) -> Any:
        if id == first:
            raise RuntimeError("the rules of a relationship run in a circle")
        return decide(tx, id, *rest, **more)

    def destroyed() -> set[UUID]:
        return {UUID(one) for one in relationships if names(service, one)["destroyed"]}

    with monkeypatch.context() as patched:
        patched.setattr(Transaction, "decide", deciding)
        for _ in range(2):
            await service.upkeep.destructions.run()
            assert destroyed() == {UUID(one) for one in relationships} - {first}
            assert service.upkeep.destructions.destroyer.left == "a relationship that the log names"
            assert service.keys.destroyed(f"{first}/{GRACE}")
    await service.upkeep.destructions.run()
    assert destroyed() == {UUID(one) for one in relationships}
    assert service.upkeep.destructions.destroyer.left is None


async def test_more_that_is_asked_for_meanwhile_is_not_taken_for_done(
    http: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    relationship = await opened(http)
    await asked(http, relationship)
    asked_before = service.upkeep.destructions.asked(10)
    await asked(http, relationship, identities=True)
    told = iter([asked_before])
    known = service.upkeep.destructions.asked
    monkeypatch.setattr(
        service.upkeep.destructions.destroyer, "_asked", lambda limit: next(told, None) or known(limit)
    )
    await service.upkeep.destructions.destroyer.run()
    assert service.keys.destroyed(f"person/{GRACE}")


async def test_keys_of_an_older_copy_do_not_bring_it_back(settings: Settings) -> None:
    async with offline(settings) as service:
        transport = httpx.ASGITransport(create_app(service))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            relationship = await active(http)
            await wrote(http, relationship, AS_MENTEE, "to be braver")
            sqlite3.connect(service.folder.keys).execute("PRAGMA wal_checkpoint(TRUNCATE)")
            older = service.folder.keys.with_name("older.db")
            shutil.copy(service.folder.keys, older)
            await asked(http, relationship)
            await service.upkeep.destructions.destroyer.run()
        keys = service.folder.keys
    shutil.copy(older, keys)
    async with offline(settings) as service:
        (goal,) = goals(service, relationship)
        with pytest.raises(KeyDestroyed):
            service.store.unseal(goal, "text")
