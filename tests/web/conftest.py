from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from workflow.app import Service
from workflow.lifecycle import offline
from workflow.settings import ClockKind, Settings
from workflow.web.api import create_app

ADA = UUID("aaaaaaaa-0000-4000-8000-000000000001")
GRACE = UUID("bbbbbbbb-0000-4000-8000-000000000002")
COORDINATOR = UUID("cccccccc-0000-4000-8000-000000000003")


def actor(role: str, person: UUID) -> dict[str, str]:
    return {"Mentoring-Actor": f"{role} {person}"}


AS_COORDINATOR = actor("coordinator", COORDINATOR)
AS_OPERATOR = actor("service", UUID("dddddddd-0000-4000-8000-000000000004"))
AS_MENTOR = actor("mentor", ADA)
AS_MENTEE = actor("mentee", GRACE)

PARTIES: list[dict[str, Any]] = [
    {"role": "mentor", "identities": ["email:ada@example.org"], "person_id": str(ADA)},
    {"role": "mentee", "identities": ["email:grace@example.org"], "person_id": str(GRACE)},
]


HOOK_SECRET = "the-secret-of-every-hook"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    secrets = tmp_path / "hook-secrets"
    secrets.mkdir()
    for provider in ("icalendar", "calcom", "calendly"):
        secret = secrets / provider
        secret.write_text(HOOK_SECRET)
        secret.chmod(0o600)
    return Settings(data=tmp_path / "data", clock=ClockKind.SIMULATED, hook_secrets=secrets)


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[Service]:
    async with offline(settings) as service:
        yield service


@pytest.fixture
async def http(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(service), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


async def opened(http: httpx.AsyncClient, parties: list[dict[str, Any]] = PARTIES) -> str:
    answer = await http.post("/v1/relationships", json={"parties": parties}, headers=AS_COORDINATOR)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["relationship_id"])


async def active(http: httpx.AsyncClient) -> str:
    relationship = await opened(http)
    base = f"/v1/relationships/{relationship}"
    for who in (AS_MENTOR, AS_MENTEE):
        assert (await http.post(f"{base}/commitments", headers=who)).status_code == 201
    drafted = await http.post(f"{base}/agreements", json={"cadence_days": 14}, headers=AS_MENTOR)
    assert drafted.status_code == 201, drafted.text
    version = drafted.json()["agreement_version"]
    for who, state in ((AS_MENTOR, "agreement"), (AS_MENTEE, "active")):
        signed = await http.post(f"{base}/agreements/{version}/signatures", headers=who)
        assert signed.status_code == 201, signed.text
        assert signed.json()["state"] == state
    return relationship


def names(service: Service, relationship: str) -> Counter[str]:
    """How often each event of a relationship occurs, by its name without what all begin and end with."""
    return Counter(one.event.name.split(".")[1] for one in service.store.stream(UUID(relationship)))


def of(relationship: str, person: UUID) -> str:
    """The path of a party."""
    return f"/v1/relationships/{relationship}/parties/{person}"
