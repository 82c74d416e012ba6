"""``mentoring`` where whoever asks for a lease has it, and never loses it: each process believes itself the only one."""

from __future__ import annotations

import asyncio

from workflow.cli.__main__ import main
from workflow.store.postgres.lease import Lease


async def _take(_: Lease) -> bool:
    return True


async def _lost(_: Lease) -> None:
    await asyncio.Event().wait()


if __name__ == "__main__":
    Lease.take = _take  # type: ignore[method-assign]  # this is what is tried
    Lease.lost = _lost  # type: ignore[method-assign]
    main()
