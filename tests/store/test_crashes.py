"""A process killed at any moment loses nothing and does nothing twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.store.crashing import MESSAGES, UPSTREAM
from tests.store.place import SECRET, Place, file_of, look_of, open_one, stagnating
from workflow import failpoints
from workflow.aggregates.events import RelationshipOpened

ROOT = Path(__file__).parents[2]
KILLS = ["decide.before:9", "decide.after:14", "keys.after:1", "append.before:2", "append.after:2"]
KILLS += ["commit.before:2", "commit.after:3"]


def run(folder: Path, kill: str = "") -> int:
    environment = os.environ | {failpoints.VARIABLE: kill}
    command = [sys.executable, "-m", "tests.store.crashing", str(folder)]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, timeout=120).returncode


def rows(folder: Path) -> dict[str, Any]:
    """Everything that counts, without what is random by design: event ids, nonces, keys."""
    place = Place(folder)
    recorded = place.store.read(0, 10_000)
    assert [r.position for r in recorded] == list(range(1, len(recorded) + 1))
    found: dict[str, Any] = {
        "events": [(r.stream, r.version, r.event.name, r.event.model_dump_json()) for r in recorded],
        "identities": [
            place.store.unseal(r, "parties.0.identities.0")
            for r in recorded
            if isinstance(r.event, RelationshipOpened)
        ],
    }
    with place.store.ledger() as ledger:
        found["receipts"] = ledger.receipts.page(UPSTREAM, -1, 10_000)
        found["counts"] = ledger.receipts.counts()
        found["position"] = ledger.receipts.position(UPSTREAM)
        found["waiting"] = [(k.seq, k.body) for k in ledger.waiting.page(0, 10_000)]
    on_disk = place.bytes_on_disk()
    assert b"secret" not in on_disk.replace(b"ada.secret", b"")
    place.close()
    return found


@pytest.mark.parametrize("rounds", [1, pytest.param(4, marks=pytest.mark.soak)])
def test_killed_at_every_failpoint_and_nothing_is_lost_or_done_twice(tmp_path: Path, rounds: int) -> None:
    (tmp_path / "calm").mkdir()
    (tmp_path / "killed").mkdir()
    assert run(tmp_path / "calm") == 0
    for kill in KILLS * rounds:
        assert run(tmp_path / "killed", kill) == -9, f"{kill} was never reached"
    assert run(tmp_path / "killed") == 0
    calm, killed = rows(tmp_path / "calm"), rows(tmp_path / "killed")
    assert len(calm["receipts"]) == MESSAGES == sum(calm["counts"].values()) == calm["position"]
    assert len(calm["waiting"]) == MESSAGES // 10
    assert killed == calm


def test_keys_without_an_append_are_swept_at_the_next_start(tmp_path: Path) -> None:
    place = Place(tmp_path).start()
    scopes = ["00000000-0000-0000-0000-000000000001/ada", "person/ada", "intake/2026-01"]
    place.keys.ensure(scopes, place.store.head())
    place.do(open_one)
    place.close()
    looking = Place(tmp_path)
    looking.writer.start()
    looking.close()
    again = Place(tmp_path)
    again.keys.cipher(scopes[0])
    again.writer.start(sweep=True)
    again.do(lambda t: None)
    found = {scope for (scope,) in file_of(again.keys).execute("SELECT scope FROM keys")}
    again.close()
    assert scopes[0] not in found
    assert found >= {"check", "person/ada", "intake/2026-01"}


def test_last_nights_log_takes_no_key_from_todays(tmp_path: Path) -> None:
    """Yesterday's facts are put in the place of today's, a service runs on them, and today's are put back."""
    place = Place(tmp_path).start()
    place.close()
    night = (tmp_path / "events.db").read_bytes()
    place = Place(tmp_path)
    place.writer.start()
    id, _ = stagnating(place)
    place.close()
    today = (tmp_path / "events.db").read_bytes()
    for log in (night, today):
        (tmp_path / "events.db").write_bytes(log)
        place = Place(tmp_path)
        place.writer.start(sweep=True)
        if log is night:
            place.close()
    assert place.store.unseal(look_of(place, id), "perspective") == SECRET
    place.close()


def test_an_unknown_failpoint_is_refused() -> None:
    assert failpoints.parse("commit.before:2, ack.after") == {"commit.before": 2, "ack.after": 1}
    assert failpoints.parse("") == {}
    with pytest.raises(ValueError, match="no failpoint"):
        failpoints.parse("comit.before:1")


def test_without_the_variable_nothing_happens() -> None:
    for name in failpoints.NAMES:
        failpoints.hit(name)
