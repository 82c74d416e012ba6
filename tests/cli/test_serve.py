"""What `mentoring serve` says of itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from uuid import uuid4

import pytest

from tests.cli.conftest import run
from workflow.folder import Address
from workflow.settings import Role, Settings


def test_a_role_that_is_named_twice_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Role] = []

    async def serve(
        _: Settings, _door: object, announce: Callable[[Address], None], roles: Iterable[Role]
    ) -> None:
        taken.extend(roles)
        announce(
            Address(
                instance=uuid4(),
                pid=1,
                http="http://a",
                nats="nats://b",
                nats_token_file=None,
                clock="real",
                data="d",
            )
        )

    monkeypatch.setattr("workflow.cli.serve.run", serve)
    (key := tmp_path / "master.key").touch()
    shared = {
        "MENTORING_DATABASE": "host=a",
        "MENTORING_KEY_DATABASE": "host=b",
        "MENTORING_NATS": "nats://b",
        "MENTORING_MASTER_KEY_FILE": str(key),
    }
    done = run("serve", "api", "clock", "api", env=shared)
    assert done.exit_code == 0, done.output
    assert "roles api, clock\n" in done.stdout
    assert logging.getLogger("mentoring.work").isEnabledFor(logging.INFO)
    assert taken == [Role.API, Role.CLOCK]


def test_its_help_promises_nothing_that_it_refuses() -> None:
    told = " ".join(run("serve", "--help", env={"COLUMNS": "1000"}).stdout.split())
    assert "PostgreSQL database (16 or later) that facts and projections are kept in" in told
    for refused in ("they lie in files", "one of its own", "made at first start"):
        assert refused not in told, refused
    assert "runs one of its own" in " ".join(run("up", "--help", env={"COLUMNS": "1000"}).stdout.split())
