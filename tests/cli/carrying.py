"""Logs made into files, changed there, and looked at again."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.cli.conftest import run
from workflow.folder import Folder

IN_THREES = """
import workflow.store.checked as checked
checked.PAGE = 3
from workflow.cli.main import app
app()
"""
DIRECTORY = ("identities", "memberships", "departures", "relationships", "uids", "destructions", "clock")


def exported(tmp_path: Path, data: Path, name: str = "log.jsonl") -> Path:
    file = tmp_path / name
    assert run("events", "export", file, "--data", data).exit_code == 0
    return file


def with_keys(data: Path, other: Path) -> Path:
    """A folder in which nothing lies but the keys of another one."""
    other.mkdir(mode=0o700)
    for kept in (Folder(data).keys, Folder(data).master_key):
        shutil.copy2(kept, other)
    return other


def rows(data: Path, table: str) -> list[Any]:
    with closing(sqlite3.connect(Folder(data).events)) as connection:
        return sorted(connection.execute(f"SELECT * FROM {table}").fetchall())


def log_of(data: Path) -> list[Any]:
    return rows(data, "stored_events")


def remade(folder: Path, file: Path, change: Callable[[list[bytes]], list[bytes]]) -> Path:
    """A file like this with other lines between its first and last, and an end that fits them."""
    first, *events, _ = file.read_bytes().splitlines(keepends=True)
    changed = change(events)
    digest = sha256(b"".join([first, *changed])).hexdigest()
    end = {
        "specversion": "1.0",
        "id": digest[:16],
        "source": "urn:mentoring:log",
        "type": "mentoring.log.ends.v1",
        "data": {"events": len(changed), "sha256": digest},
    }
    other = folder / "changed.jsonl"
    other.write_bytes(b"".join([first, *changed, json.dumps(end).encode(), b"\n"]))
    return other


def at(number: int, old: bytes, new: bytes) -> Callable[[list[bytes]], list[bytes]]:
    def change(events: list[bytes]) -> list[bytes]:
        changed = re.sub(old, new, events[number])
        assert changed != events[number]
        events[number] = changed
        return events

    return change
