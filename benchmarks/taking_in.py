"""One process that takes a partition in: ``python -m benchmarks.taking_in`` with what it is to know as JSON.

It says ``ready`` once nothing but the messages is wanting, begins when it is given a line, and ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from workflow.clocks import SimulatedClock
from workflow.consumers.meetings.intake import Intake
from workflow.consumers.meetings.routing import Resolver
from workflow.consumers.transport.broker import make_broker
from workflow.consumers.transport.streams import Partition
from workflow.lifecycle import tune_interpreter
from workflow.store.event_store import EventStore
from workflow.store.identities import Identities
from workflow.store.keys import KeyStore
from workflow.store.master import load_master_key
from workflow.store.postgres.keys import KeyDatabase
from workflow.store.postgres.recorder import PostgresDatabase
from workflow.store.writer import Writer


async def main(told: dict[str, Any]) -> None:
    """Take in until told to end."""
    master = load_master_key(Path(told["folder"]) / "master.key")
    with (
        closing(KeyStore(KeyDatabase(told["keys"]), master)) as keys,
        closing(EventStore(PostgresDatabase(told["facts"]), keys)) as store,
    ):
        writer = Writer(store, SimulatedClock(datetime.fromisoformat(told["now"])))
        writer.start()
        intake = Intake(
            make_broker(told["url"]),
            writer,
            Resolver(Identities(master)),
            uuid4,
            partition=Partition(told["number"], told["of"]),
        )
        tune_interpreter()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        began = time.process_time()
        await intake.start()
        await asyncio.to_thread(sys.stdin.read)
        spent = time.process_time() - began
        await intake.stop()
        writer.stop()
    print(json.dumps({"processor_seconds": spent, "overtaken": writer.overtaken}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
