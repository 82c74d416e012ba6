"""The broker that `mentoring up` brings along: who may reach it, and what it keeps."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.errors import Error as NatsError

from tests.cli.conftest import up
from tests.cli.events import CLOUD, IDENTITIES, event

MEETING = {"starts_at": "2026-01-09T10:00:00Z", "ends_at": "2026-01-09T11:00:00Z"}


async def _quiet(_: Exception) -> None:
    """Not a word of errors that are meant."""


async def _connects(url: str, token: str | None) -> bool:
    try:
        client = await nats.connect(
            url, token=token, allow_reconnect=False, connect_timeout=240, error_cb=_quiet
        )
    except NatsError:
        return False
    await client.close()
    return True


def test_the_broker_lets_nobody_in_without_the_token_that_its_folder_holds(data: Path) -> None:
    tokens = []
    for _ in range(2):
        with up(data) as running:
            file = running.address.nats_token_file
            assert file == str(data / "nats.token")
            assert stat.S_IMODE(Path(file).stat().st_mode) == 0o600
            token = Path(file).read_text("utf-8").strip()
            tokens.append(token)
            assert asyncio.run(_connects(running.address.nats, token))
            for wrong in (None, "another-token-of-enough-letters"):
                assert not asyncio.run(_connects(running.address.nats, wrong))
            assert token not in (data / "service.json").read_text("utf-8")
            assert token not in running.address.model_dump_json()
            assert not any(token.encode() in command for command in _commands())
            code, said = running.stop()
        assert (code, token in said) == (0, False)
        assert not [name for name, content in _files(data / "nats") if token.encode() in content]
    assert tokens[0] == tokens[1]


def test_another_token_may_be_demanded(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.touch(mode=0o600)
    file.write_text("0123456789012345678\n")  # digits alone are a word too
    with up(data, "--nats-token-file", str(file)) as running:
        assert running.address.nats_token_file == str(file)
        assert asyncio.run(_connects(running.address.nats, "0123456789012345678"))
        assert not asyncio.run(_connects(running.address.nats, None))
    assert not (data / "nats.token").exists()


def test_no_identity_lies_in_clear_in_the_brokers_files(data: Path) -> None:
    with (
        up(data, "--clock", "simulated") as running,
        running.client() as http,
    ):
        for number in range(20):
            text = event("scheduled", number, "2026-01-05T07:00:00Z", **MEETING)
            assert http.post("/v1/events", content=text, headers=CLOUD).status_code == 202
        assert not _holding(data, *IDENTITIES)
        running.stop()
    assert not _holding(data, *IDENTITIES)


def test_a_full_stream_is_answered_with_503(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENTORING_STREAM_BYTES", str(16 * 1024**2))
    large: dict[str, Any] = json.loads(event("scheduled", 1, "2026-01-05T07:00:00Z", **MEETING))
    large["data"]["padding"] = "x" * 200_000
    with up(data) as running, running.client() as http:
        for _ in range(200):
            answer = http.post("/v1/events", content=json.dumps(large), headers=CLOUD)
            if answer.status_code != 202:
                break
        assert (answer.status_code, answer.json()["code"]) == (503, "stream_full")
        assert "full" in answer.json()["detail"]


def _commands() -> Iterator[bytes]:
    """What every process was started with, as long as it lives."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(FileNotFoundError, ProcessLookupError):
            yield path.read_bytes()


def _files(folder: Path) -> list[tuple[Path, bytes]]:
    return [(path, path.read_bytes()) for path in folder.rglob("*") if path.is_file()]


def _holding(data: Path, *words: str) -> list[Path]:
    return [
        path for path, content in _files(data / "nats") if any(word.encode() in content for word in words)
    ]
