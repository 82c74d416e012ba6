"""``mentoring up``: the whole service in one process, over one folder."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from workflow import logs
from workflow.cli.setting import setting
from workflow.cli.verb import AsJson, Data, settings_of, verb
from workflow.errors import Invalid
from workflow.folder import Address
from workflow.lifecycle import serve
from workflow.settings import ClockKind
from workflow.web.api import door


@verb
async def up(
    data: Data = None,
    host: Annotated[str | None, setting("host", metavar="ADDR")] = None,
    port: Annotated[int | None, setting("port", min=0, max=65535, metavar="PORT")] = None,
    nats: Annotated[str | None, setting("nats", metavar="URL")] = None,
    nats_port: Annotated[int | None, setting("nats_port", min=0, max=65535, metavar="PORT")] = None,
    nats_token_file: Annotated[Path | None, setting("nats_token_file", metavar="FILE")] = None,
    token_file: Annotated[Path | None, setting("token_file", metavar="FILE")] = None,
    hook_secrets: Annotated[Path | None, setting("hook_secrets", metavar="FOLDER")] = None,
    clock: Annotated[ClockKind | None, setting("clock")] = None,
    start: Annotated[
        datetime | None,
        setting("simulated_start", "--start", formats=["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"], metavar="UTC"),
    ] = None,
    policy: Annotated[Path | None, setting("policy", metavar="FILE")] = None,
    zone: Annotated[str | None, setting("zone", metavar="ZONE")] = None,
    as_json: AsJson = False,
) -> None:
    """Run the service until Ctrl-C or SIGTERM: HTTP, intake, projections, clock, and a NATS server of its own.

    Everything is kept in one folder, which no other process may use meanwhile. Once it answers it prints its
    addresses (with --json on one line), and writes them to service.json in the folder for the other verbs.
    """
    logs.write_to_stderr()
    settings = settings_of(
        data,
        host=host,
        port=port,
        nats=nats,
        nats_port=nats_port,
        nats_token_file=nats_token_file,
        token_file=token_file,
        hook_secrets=hook_secrets,
        clock=clock,
        simulated_start=None if start is None else start.isoformat() + "+00:00",
        policy=policy,
        zone=zone,
    )

    if start is not None and settings.clock is not ClockKind.SIMULATED:
        raise Invalid(
            "--start says where a simulated clock begins: give --clock simulated with it",
            code="clock_not_simulated",
        )

    def announce(address: Address) -> None:
        if as_json:
            typer.echo(json.dumps(address.model_dump(mode="json")))
        else:
            token = f" (token in {address.nats_token_file})" if address.nats_token_file else ""
            typer.echo(
                f"HTTP  {address.http}/v1\npages {address.http}/\nNATS  {address.nats}{token}\n"
                f"data  {address.data}\nstop with Ctrl-C"
            )

    await serve(settings, door, announce)
