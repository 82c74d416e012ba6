"""``mentoring``: the operator's verbs.

Every verb ends with 0 where it did what it says, 1 where the service said no or a difference was found, 2
where the words of the command are wrong, 3 where it cannot be done now (a folder in which nothing is kept yet
or that is in use, a service that does not answer), and 130 where Ctrl-C interrupted it.
"""

from __future__ import annotations

import os
from inspect import getdoc
from typing import Annotated

import typer

from workflow.app import installed_version
from workflow.cli import events, parked, policies, programmes, projections, relationships, streams, waiting
from workflow.cli.doctor import doctor
from workflow.cli.documents import asyncapi, diagram
from workflow.cli.health import health
from workflow.cli.intake import intake
from workflow.cli.listen import listen
from workflow.cli.publish import publish
from workflow.cli.serve import serve
from workflow.cli.today import today
from workflow.cli.up import up
from workflow.cli.view_files import export
from workflow.demo.command import demo

app = typer.Typer(
    name="mentoring",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Mentoring relationships as facts: decided once, stored once, folded into what people need.\n\n"
    "Verbs that need the service's folder speak to the service that runs there; where none runs, they take the "
    "folder for themselves meanwhile. Exit codes: 0 done · 1 the service said no, or a difference was found · "
    "2 wrong words · 3 cannot be done now (nothing is kept in the folder, it is in use, the service does not "
    "answer) · 130 interrupted by Ctrl-C.",
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(installed_version())
        raise typer.Exit


@app.callback()
def _main(
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and end.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    # What the service keeps, and what a verb makes beside it, is for its own user alone.
    os.umask(0o077)


app.command()(up)
app.command()(serve)
app.command()(demo)
app.command()(today)
app.command()(health)
app.command()(doctor)
app.command()(intake)
app.command()(publish)
app.command()(listen)
app.add_typer(relationships.app, name="relationship")
app.add_typer(events.app, name="events")
app.add_typer(streams.app, name="streams")
app.add_typer(waiting.app, name="waiting")
app.add_typer(parked.app, name="parked")
app.add_typer(projections.app, name="projections")
app.command()(projections.verify)
app.command()(export)
app.add_typer(policies.app, name="policy")
app.add_typer(programmes.app, name="programme")
app.command()(diagram)
app.command()(asyncapi)


def _unbroken(verbs: typer.Typer) -> None:
    """Have each paragraph of a help flow: typer keeps the line breaks of all but the first one."""
    for command in verbs.registered_commands:
        paragraphs = (getdoc(command.callback) or "").split("\n\n")
        command.help = "\n\n".join(" ".join(paragraph.splitlines()) for paragraph in paragraphs)
    for group in verbs.registered_groups:
        if group.typer_instance is not None:
            _unbroken(group.typer_instance)


_unbroken(app)
