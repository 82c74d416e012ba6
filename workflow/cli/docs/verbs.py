"""docs/verbs.md: what can be typed, read from the command line's own parser."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from workflow.cli.docs.markdown import page, table
from workflow.cli.main import app


def commands() -> dict[str, TyperCommand]:
    """Every verb, by what is typed for it."""
    return dict(_within(get_command(app), "mentoring"))


def verbs() -> str:
    """The page."""
    return page(
        "Verbs",
        _prose(get_command(app).help),
        "`mentoring VERB --help` says the same. Settings come from the environment too: "
        "[settings.md](settings.md).",
        *(block for name, command in commands().items() for block in _verb(name, command)),
    )


def _within(command: object, name: str) -> Iterator[tuple[str, TyperCommand]]:
    if isinstance(command, TyperGroup):
        for part, inner in command.commands.items():
            yield from _within(inner, f"{name} {part}")
    elif isinstance(command, TyperCommand):
        yield name, command


def _verb(name: str, command: TyperCommand) -> Iterator[str]:
    arguments = [param for param in command.params if isinstance(param, TyperArgument)]
    options = [param for param in command.params if isinstance(param, TyperOption) and not param.hidden]
    yield " ".join([f"## {name}", *(argument.display_name_raw.upper() for argument in arguments)])
    yield _prose(command.help)
    rows = [[f"`{argument.display_name_raw.upper()}`", _prose(argument.help)] for argument in arguments]
    rows += [
        [f"`{', '.join([*option.opts, *option.secondary_opts])}`", _prose(option.help)]
        for option in options
        if "--help" not in option.opts
    ]
    yield table(["word", "meaning"], rows)


def _prose(text: str | None) -> str:
    return cleandoc(text or "").replace("\f", "")
