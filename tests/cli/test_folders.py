"""Verbs act on the folder that they are given, whoever answers at the address that was left in it."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx

from tests.cli.conftest import run, told, up
from workflow.folder import Folder


def _rows(data: Path) -> list[str]:
    return [row["id"] for row in told("relationship", "list", "--data", data)]


def test_an_address_that_another_service_took_over_is_not_followed(
    tmp_path: Path, data: Path, relationship: str
) -> None:
    with up(data) as killed:
        port = str(httpx.URL(killed.address.http).port)
        killed.stop(signal.SIGKILL)
    assert Folder(data).address() is not None
    with up(tmp_path / "other", "--port", port) as other:
        assert httpx.URL(other.address.http).port == int(port)
        assert _rows(data) == [relationship]
        assert _rows(tmp_path / "other") == []


def test_a_holder_that_does_not_answer_for_itself_is_told_of(tmp_path: Path, data: Path) -> None:
    with up(tmp_path / "other") as other, up(data) as running:
        Folder(data).announce(running.address.model_copy(update={"http": other.address.http}))
        result = run("relationship", "list", "--data", data)
        assert (result.exit_code, "in use by process" in result.stderr) == (3, True)
        Folder(data).announce(running.address)
        assert run("relationship", "list", "--data", data).exit_code == 0
