"""``python -m workflow.demo.publisher``: a process of its own that plays a calendar service and a portal.

It tells a story to a running service through the real broker and the real API, one message after the other,
and moves the simulated clock once everything sent is committed and folded. What must come of it all it
writes into a file of its own. On standard output it tells, a JSON line a day, how far it is.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import nats
from nats.js import JetStreamContext

from workflow.demo.portal import Portal, Unexpected
from workflow.demo.story import Delivery, Story, story
from workflow.demo.truth import Truth, truth

STREAM = "MENTORING"


async def play(told: Story, expected: Truth, portal: Portal, broker: JetStreamContext) -> list[int]:
    """Tell the whole story; the sequences that the broker gave to its messages."""
    sequences: list[int] = []
    for number, tick in enumerate(told.ticks):
        if number:
            await portal.move_clock(tick.at)
        for adoption in tick.adoptions:
            await portal.adopt(adoption)
        for call in tick.calls:
            accepted = await portal.do(call)
            if accepted is not expected.accepted[call.key]:
                raise Unexpected(
                    f"{call.kind} in {call.relationship} was {'accepted' if accepted else 'refused'}"
                )
        sequences += [await _send(delivery, portal, broker) for delivery in tick.deliveries]
        await portal.taken_in(len(sequences))
        _tell(day=number, of=len(told.ticks) - 1, at=tick.at.isoformat(), sent=len(sequences))
    return sequences


async def _send(delivery: Delivery, portal: Portal, broker: JetStreamContext) -> int:
    """By the broker; some of what the portal says goes by HTTP, and comes to the broker from there."""
    wire = delivery.wire
    by_http = delivery.report.source == "/portal" and UUID(delivery.report.id).int % 8 == 0
    if by_http and delivery.flaw is None:
        return await portal.publish(wire)
    stored = await broker.publish(wire.subject, wire.body, headers=dict(wire.headers), stream=STREAM)
    return stored.seq


def document(told: Story, expected: Truth, sequences: list[int]) -> dict[str, Any]:
    """The truth as it is written down: a row a message and a meeting, and each pair's states and check-ins."""
    deliveries = [delivery for tick in told.ticks for delivery in tick.deliveries]
    messages = [
        {
            "sequence": sequence,
            "source": delivery.report.source if delivery.readable else None,
            "id": delivery.report.id if delivery.readable else None,
            "disposition": verdict.disposition,
            "reason": verdict.reason,
        }
        for sequence, delivery, verdict in zip(sequences, deliveries, expected.verdicts, strict=True)
    ]
    return {
        "seed": told.seed,
        "messages": messages,
        "meetings": expected.meetings(),
        "states": expected.journeys(),
        "check_ins": expected.check_ins(),
    }


async def _main(asked: argparse.Namespace) -> None:
    told = story(asked.seed, asked.relationships, asked.months)
    expected = truth(told)
    token = asked.token_file.read_text("utf-8").strip() if asked.token_file else None
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    nats_token = asked.nats_token_file.read_text("utf-8").strip() if asked.nats_token_file else None
    connection = await nats.connect(asked.nats, token=nats_token, allow_reconnect=True)
    try:
        async with httpx.AsyncClient(
            base_url=asked.api, headers=headers, timeout=120, trust_env=False
        ) as client:
            portal = Portal(client, told.pairs)
            sequences = await play(told, expected, portal, connection.jetstream(timeout=60))
    finally:
        await connection.close()
    text = json.dumps(document(told, expected, sequences), indent=1) + "\n"
    await asyncio.to_thread(asked.truth.write_text, text, "utf-8")
    _tell(done=True, messages=len(sequences))


def _tell(**members: object) -> None:
    sys.stdout.write(json.dumps(members) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Play a story; 1 where the service did not answer as it should."""
    parser = argparse.ArgumentParser(prog="python -m workflow.demo.publisher", description=__doc__)
    parser.add_argument("--api", required=True, help="where the service answers")
    parser.add_argument("--nats", required=True, help="where the broker is")
    parser.add_argument(
        "--nats-token-file", type=Path, help="file with the broker's token, where it demands one"
    )
    parser.add_argument("--token-file", type=Path, help="file with the bearer token, where one is demanded")
    parser.add_argument("--relationships", type=int, default=60)
    parser.add_argument("--months", type=int, default=8)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--truth", type=Path, required=True, help="the file to write the truth into")
    try:
        asyncio.run(_main(parser.parse_args()))
    except (Unexpected, httpx.HTTPError, nats.errors.Error) as error:
        _tell(failed=f"{type(error).__name__}: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
