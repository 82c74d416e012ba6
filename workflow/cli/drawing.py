"""Verbs that print what the code itself knows, and need neither a folder nor a service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from workflow.aggregates.moves import MOVES, State
from workflow.aggregates.policy import Policy, parse_policy
from workflow.cli.docs.states import diagram as drawn
from workflow.cli.verb import AsJson, Exit, emit, tell
from workflow.consumers.meetings.asyncapi import asyncapi as described
from workflow.errors import Invalid, MentoringError

policies = typer.Typer(
    no_args_is_help=True, help="The policy of a programme: every number that the rules use."
)


def diagram(as_json: AsJson = False) -> None:
    """Print the states and moves as a Mermaid diagram, drawn from the table that runs."""
    if not as_json:
        typer.echo(drawn(), nl=False)
        return
    moves = [{"move": move, "from": list(sources), "to": target} for move, sources, target in MOVES]
    emit({"states": list(State), "moves": moves})


def asyncapi(as_json: AsJson = True) -> None:  # noqa: ARG001 the document is JSON either way
    """Print the AsyncAPI 3 document of the messages that come in, as JSON."""
    typer.echo(json.dumps(described(), indent=2))


@policies.command("schema")
def schema(as_json: AsJson = True) -> None:  # noqa: ARG001 a JSON schema is JSON either way
    """Print the JSON schema of policies."""
    emit(Policy.model_json_schema())


@policies.command("check")
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
