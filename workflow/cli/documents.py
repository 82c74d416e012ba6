"""Documents that the code itself draws up; they need neither a folder nor a service."""

from __future__ import annotations

import json

import typer

from workflow.aggregates.moves import MOVES, State
from workflow.cli.docs.states import diagram as drawn
from workflow.cli.verb import AsJson, emit
from workflow.consumers.asyncapi import asyncapi as described


def diagram(as_json: AsJson = False) -> None:
    """Print the states and moves as a Mermaid diagram, drawn from the table that runs."""
    if not as_json:
        typer.echo(drawn(), nl=False)
        return
    moves = [{"move": move, "from": list(sources), "to": target} for move, sources, target in MOVES]
    emit({"states": list(State), "moves": moves})


def asyncapi(as_json: AsJson = True) -> None:  # noqa: ARG001 the document is JSON either way
    """Print the AsyncAPI 3 document of the messages that come in and go out, as JSON."""
    typer.echo(json.dumps(described(), indent=2))
