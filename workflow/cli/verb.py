"""How every verb is run: what it is told, how it shows a result, and what it ends with."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Awaitable, Callable
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import typer

from workflow.cli.consoles import err as err
from workflow.cli.consoles import out as out
from workflow.cli.setting import setting
from workflow.errors import Invalid, MentoringError, Refused, Stopped, Unavailable
from workflow.guidance import Language
from workflow.settings import Settings, read_settings

P = ParamSpec("P")

Data = Annotated[Path | None, setting("data", metavar="DIR")]
By = Annotated[
    str | None,
    typer.Option(
        "--actor",
        envvar="MENTORING_ACTOR",
        metavar="WHO",
        help="Who has it done: `<role> <person id>`; without it, the command line itself.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Spoken = Annotated[Language, typer.Option("--language", help="The language of the guidance.")]


class Exit(IntEnum):
    """What a verb ends with."""

    DONE = 0
    NO = 1
    """Refused, not found, or a difference was found."""
    USAGE = 2
    """The words of the command are wrong."""
    NOT_NOW = 3
    """Nothing is kept in the folder yet, it is in use, or the service cannot answer; it may later."""
    INTERRUPTED = 130
    """Ctrl-C, as shells count it."""
    BROKEN = 70
    """A fault of ours."""


def settings_of(data: Path | None, **given: object) -> Settings:
    """The settings of one verb."""
    return read_settings(data=data, **given)


def verb(action: Callable[P, Awaitable[Exit | None]]) -> Callable[P, None]:
    """A verb that ends with the right code, and tells of an error in one line."""

    @functools.wraps(action)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        out.soft_wrap = not out.is_terminal  # elsewhere a line is as long as it is
        try:
            code = asyncio.run(_await(action(*args, **kwargs))) or Exit.DONE
        except MentoringError as error:
            code = tell(error, as_json=bool(kwargs.get("as_json")))
        except KeyboardInterrupt:
            err.print("mentoring: interrupted")
            code = Exit.INTERRUPTED
        raise typer.Exit(int(code))

    return run


async def _await(result: Awaitable[Exit | None]) -> Exit | None:
    return await result


_LATER = frozenset({"folder_in_use", "folder_open_to_others"})
"""Conflicts that somebody can take out of the way."""


def tell(error: MentoringError, *, as_json: bool) -> Exit:
    """Print an error; what it means for the exit code."""
    if as_json:
        said: dict[str, object] = {"code": error.code, "detail": error.detail}
        if isinstance(error, Refused):
            said["possible"] = list(error.possible)
        typer.echo(json.dumps({"error": said}), err=True)
    else:
        err.print(f"mentoring: {error.detail}", markup=False, soft_wrap=True)
    if error.code in _LATER or isinstance(error, Stopped | Unavailable):
        return Exit.NOT_NOW
    if isinstance(error, Invalid):
        return Exit.USAGE
    return Exit.NO


def emit(document: Any) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def emit_line(document: Any) -> None:
    """Print one JSON document on one line."""
    typer.echo(json.dumps(document, separators=(",", ":"), ensure_ascii=False))
