"""``mentoring policy``: the numbers that the rules use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from workflow.aggregates.policy import Policy, parse_policy
from workflow.cli.docs.numbers import toml
from workflow.cli.tables import ZONE, minute
from workflow.cli.verb import AsJson, Data, Exit, desk, emit, settings_of, tell, verb
from workflow.errors import Invalid, MentoringError

app = typer.Typer(no_args_is_help=True, help="The policy of a programme: every number that the rules use.")


@app.command("show")
@verb
async def show(data: Data = None, as_json: AsJson = False) -> None:
    """Print the policy in force as TOML, with its version. What differs from the default says so."""
    async with desk(settings_of(data)) as at:
        found = await at.get("/v1/policy")
    if as_json:
        emit(found)
        return
    typer.echo(
        f"# version {found['version']} of programme {found['programme']}, in force since "
        f"{minute(found['adopted_at'])} ({ZONE}); its months are counted in {found['zone']}\n"
    )
    default, section = Policy().model_dump(mode="json"), ""
    for line in toml(found["policy"]).splitlines():
        name = line.partition(" = ")[0]
        if line.startswith("["):
            section = line.strip("[]")
        usual = default.get(section, {}).get(name)
        differs = usual is not None and found["policy"][section][name] != usual
        typer.echo(f"{line}  # the default is {json.dumps(usual)}" if differs else line)


@app.command("schema")
def schema(as_json: AsJson = True) -> None:  # noqa: ARG001 a JSON schema is JSON either way
    """Print the JSON schema of policies."""
    emit(Policy.model_json_schema())


@app.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="A policy in TOML.", exists=True, dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Check a policy, and with --json print it whole, defaults included. Ends with 2 where it does not fit."""
    try:
        policy = parse_policy(_text(file))
    except MentoringError as error:
        raise typer.Exit(int(tell(error, as_json=as_json))) from None
    if as_json:
        emit(policy.model_dump(mode="json"))
    else:
        typer.echo(f"{file} is a policy")
    raise typer.Exit(int(Exit.DONE))


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid("the policy is not UTF-8", code="policy_invalid") from error
