"""``mentoring`` where whoever asks for a lease has it and never loses it: each process is the only one to itself."""

from __future__ import annotations

import asyncio

from workflow.cli.__main__ import main
from workflow.store.postgres.lease import Lease


async def _take(self: Lease) -> bool:
    return True


async def _lost(self: Lease) -> None:
    await asyncio.Event().wait()


if __name__ == "__main__":
    Lease.take = _take  # type: ignore[method-assign]  # this is what is tried
    Lease.lost = _lost  # type: ignore[method-assign]
    main()
