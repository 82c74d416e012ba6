"""Messages about meetings that a service has taken in without a broker, and what became of them."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

from workflow.aggregates import commands as c
from workflow.app import Service
from workflow.consumers.meetings.account import receive, take_in
from workflow.store.receipts import Disposition
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction

UPSTREAM = "test/0"
HEADERS = {"content-type": "application/cloudevents+json"}


def booked(service: Service, number: int, *identities: str, day: float = 3) -> None:
    """A calendar tells of a meeting of an hour."""
    starts_at = service.clock.now() + timedelta(days=day)
    message = {
        "specversion": "1.0",
        "type": "mentoring.meeting.scheduled.v1",
        "source": "/calendar",
        "id": str(number),
        "time": service.clock.now().isoformat(),
        "data": {
            "uid": f"meeting {number}",
            "parties": list(identities),
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + timedelta(hours=1)).isoformat(),
        },
    }
    batch = receive([number], [json.dumps(message).encode()], [None])
    service.writer.submit(
        lambda tx: take_in(tx, service.resolver, UPSTREAM, tx.position(UPSTREAM), batch)
    ).result()


def became(service: Service, number: int) -> Disposition:
    """What became of a message that ``booked`` sent."""
    with service.store.ledger() as ledger:
        receipt = ledger.receipts.seen(UPSTREAM, number)
        assert receipt is not None
        return receipt.disposition


def take_booking_in(service: Service, number: int, *identities: str) -> None:
    """A calendar tells of a meeting in February, in the form in which it is published."""
    event = {
        "specversion": "1.0",
        "type": "mentoring.meeting.scheduled.v1",
        "source": "/calendar",
        "id": str(number),
        "time": "2026-01-05T09:00:00Z",
        "data": {
            "uid": f"meeting-{number}",
            "parties": identities,
            "starts_at": "2026-02-05T09:00:00Z",
            "ends_at": "2026-02-05T10:00:00Z",
        },
    }
    batch = receive([number], [json.dumps(event).encode()], [HEADERS])
    service.writer.submit(lambda tx: take_in(tx, service.resolver, "upstream/0", number - 1, batch)).result()


def park(service: Service, *bodies: bytes) -> None:
    """Messages that came first, and could not be read."""

    def unit(tx: Transaction) -> None:
        for number, body in enumerate(bodies, start=1):
            tx.parked.put("upstream/0", number, body, arrived_at=tx.now, reason="not_json")
            tx.receipts.record("upstream/0", number, None, b"digest", Disposition.PARKED, first=False)

    service.writer.submit(unit).result()


def take_held(service: Service, relationship: UUID) -> None:
    """A meeting was held in the hour before now."""
    now = service.clock.now()
    held = c.ReportHeld(
        at=now, uid="m", source="portal", message="1", starts_at=now - timedelta(hours=1), ends_at=now
    )
    service.writer.submit(lambda tx: tx.decide(relationship, held, Origin("test"))).result()
