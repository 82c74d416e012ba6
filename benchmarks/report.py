"""What was measured, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

Result = dict[str, Any]
"""One row: case, store, unit, ours, naive, limit; rates are per second. Latencies are in ms, and tell p99."""


def rate(case: str, store: str, unit: str, *, ours: float, naive: float | None, limit: float) -> Result:
    """A rate per second; ``naive`` is None where nothing naive is beside it."""
    return {
        "case": case,
        "store": store,
        "unit": unit,
        "ours": round(ours),
        "naive": None if naive is None else round(naive),
        "limit": round(limit),
    }


def latency(case: str, store: str, *, p50: float, p99: float, commands: int) -> Result:
    """How long an HTTP command takes; ``ours`` is the median."""
    return {
        "case": f"HTTP command, {case}",
        "store": store,
        "unit": "ms",
        "ours": round(p50, 2),
        "naive": None,
        "limit": None,
        "p50": round(p50, 2),
        "p99": round(p99, 2),
        "commands": commands,
    }


def write(results: Sequence[Result], machine: dict[str, Any], folder: Path) -> None:
    """``latest.json``, and beside it the machine that it was measured on."""
    for name, content in (("latest.json", results), ("machine.json", machine)):
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def show(results: Sequence[Result], machine: dict[str, Any]) -> None:
    """Print both."""
    console = Console()
    rates = Table(title="A second, medians", title_justify="left")
    for heading in ("case", "store", "unit"):
        rates.add_column(heading)
    for heading in ("ours", "naive", "limit", "× naive", "of the limit"):
        rates.add_column(heading, justify="right")
    latencies = Table(title="HTTP commands", title_justify="left")
    latencies.add_column("case")
    latencies.add_column("store")
    for heading in ("commands", "p50 ms", "p99 ms"):
        latencies.add_column(heading, justify="right")
    for row in results:
        if row["unit"] == "ms":
            latencies.add_row(
                row["case"], row["store"], str(row["commands"]), f"{row['p50']:.2f}", f"{row['p99']:.2f}"
            )
            continue
        ours, naive, limit = row["ours"], row["naive"], row["limit"]
        beside = ("", "") if naive is None else (f"{naive:,}", f"{ours / naive:.1f}")
        figures = (f"{ours:,}", beside[0], f"{limit:,}", beside[1], f"{ours / limit:.0%}")
        rates.add_row(row["case"], row["store"], row["unit"], *figures)
    console.print(rates, latencies)
    console.print(
        f"{machine['processors']} × {machine['processor']}, {machine['memory_gib']} GiB; "
        f"a sync takes {machine['sync_ms']} ms; Python {machine['python']}, SQLite {machine['sqlite']}, "
        f"PostgreSQL {machine['postgres']}",
        highlight=False,
    )
