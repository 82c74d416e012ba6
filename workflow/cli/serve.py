"""``mentoring serve``: some roles of a service whose facts lie in PostgreSQL, in one process of several."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from workflow import logs
from workflow.cli.setting import setting
from workflow.cli.verb import AsJson, settings_of, verb
from workflow.errors import Invalid
from workflow.folder import Address
from workflow.lifecycle import serve as run
from workflow.settings import Role, Settings
from workflow.web.api import door, side_door


@verb
async def serve(
    roles: Annotated[
        list[Role],
        typer.Argument(
            help="What this process does: `api` answers by HTTP, `intake` takes messages in, `project` folds what is "
            "read, `clock` asks what is due and works off what waited, `deliver` tells others."
        ),
    ],
    database: Annotated[str | None, setting("database", otherwise=False, metavar="DSN")] = None,
    key_database: Annotated[str | None, setting("key_database", otherwise=False, metavar="DSN")] = None,
    database_password_file: Annotated[Path | None, setting("database_password_file", metavar="FILE")] = None,
    nats: Annotated[str | None, setting("nats", otherwise=False, metavar="URL")] = None,
    nats_token_file: Annotated[
        Path | None, setting("nats_token_file", otherwise=False, metavar="FILE")
    ] = None,
    master_key_file: Annotated[
        Path | None, setting("master_key_file", otherwise=False, metavar="FILE")
    ] = None,
    host: Annotated[str | None, setting("host", metavar="ADDR")] = None,
    port: Annotated[int | None, setting("port", min=0, max=65535, metavar="PORT")] = None,
    token_file: Annotated[Path | None, setting("token_file", metavar="FILE")] = None,
    hook_secrets: Annotated[Path | None, setting("hook_secrets", metavar="FOLDER")] = None,
    as_json: AsJson = False,
) -> None:
    """Run some roles of a service until Ctrl-C or SIGTERM, beside other processes that run the others.

    Of `api` any number answer at once. Of several that take messages in, each takes partitions of its own. Of
    `project`, `clock` and `deliver` one is at work and the others stand by: once it is gone another goes on within
    seconds. Facts lie in PostgreSQL, and messages come by a NATS server with JetStream; nothing is kept in a folder.
    Every process answers at /v1/health.
    """
    logs.write_to_stderr()
    settings = settings_of(
        None,
        database=database,
        key_database=key_database,
        database_password_file=database_password_file,
        nats=nats,
        nats_token_file=nats_token_file,
        master_key_file=master_key_file,
        host=host,
        port=port,
        token_file=token_file,
        hook_secrets=hook_secrets,
    )
    _refuse_what_cannot_be_shared(settings)

    once = dict.fromkeys(roles)

    def announce(address: Address) -> None:
        if as_json:
            typer.echo(json.dumps(address.model_dump(mode="json")))
        else:
            typer.echo(
                f"HTTP  {address.http}/v1\nNATS  {address.nats}\nroles {', '.join(once)}\nstop with Ctrl-C"
            )

    await run(settings, door if Role.API in roles else side_door, announce, once)


def _refuse_what_cannot_be_shared(settings: Settings) -> None:
    for what, given, name in (
        ("the database of the facts", settings.database, "DATABASE"),
        ("a NATS server", settings.nats, "NATS"),
        ("the file of the master key", settings.master_key_file, "MASTER_KEY_FILE"),
    ):
        if given is None:
            raise Invalid(
                f"roles that run in several processes share {what}: name it in MENTORING_{name}; all of them in one "
                "process, with all that they need, is `mentoring up`",
                code="not_shared",
            )
    if settings.master_key_file is not None and not settings.master_key_file.exists():
        raise Invalid(
            f"there is no {settings.master_key_file}: all processes need one and the same master key, 32 random bytes, "
            "made once (`head -c 32 /dev/urandom`) and given to each of them",
            code="master_key_missing",
        )
