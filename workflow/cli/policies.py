"""``mentoring policy``: the numbers that the rules use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from workflow.aggregates.policy import Policy, parse_policy
from workflow.aggregates.policy_changes import changes
from workflow.cli.desk import desk
from workflow.cli.docs.numbers import toml
from workflow.cli.programmes import until_done
from workflow.cli.tables import ZONE, minute
from workflow.cli.verb import AsJson, By, Data, emit, settings_of, verb
from workflow.errors import Invalid
from workflow.folder import Folder

app = typer.Typer(no_args_is_help=True, help="The policy of a programme: every number that the rules use.")

File = Annotated[Path, typer.Argument(help="A policy in TOML.", exists=True, dir_okay=False)]


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
@verb
async def check(file: File, data: Data = None, as_json: AsJson = False) -> None:
    """Check a policy, and tell what it would change against the one in force. Ends with 2 where it does not fit.

    Without a folder it is compared with the default policy. With --json it is printed whole, defaults included.
    """
    policy = parse_policy(_text(file))
    settings = settings_of(data)
    if as_json:
        emit(policy.model_dump(mode="json"))
        return
    before, against = Policy(), "the default policy"
    if settings.database or settings.api or Folder(settings.data).events.exists():
        async with desk(settings) as at:
            found = await at.get("/v1/policy")
        before = Policy.model_validate(found["policy"])
        against = f"version {found['version']}, which is in force"
    typer.echo(f"{file} is a policy")
    found = [change._asdict() for change in changes(before, policy)]
    if not found:
        typer.echo(f"it says nothing otherwise than {against}")
    _tell_changes(found, policy, against)


@app.command("adopt")
@verb
async def adopt(file: File, data: Data = None, actor: By = None, as_json: AsJson = False) -> None:
    """Adopt a policy, and wait until what is due in all relationships was dated anew by it.

    Ctrl-C ends the waiting alone: the service goes on with it, also after a restart.
    """
    policy = parse_policy(_text(file))
    async with desk(settings_of(data)) as at:
        adopted = await at.post("/v1/policy", actor, policy.model_dump(mode="json"))
        whole = await until_done(at, adopted["programme"])
    if as_json:
        emit(adopted)
        return
    already = "" if adopted["changes"] else " already: there was nothing to adopt"
    typer.echo(f"version {adopted['version']} of programme {adopted['programme']} is in force{already}")
    _tell_changes(adopted["changes"], policy, "the one before")
    if not whole:
        typer.echo("what is due in its relationships is still being dated anew")


def _tell_changes(found: list[dict[str, Any]], policy: Policy, against: str) -> None:
    """Among them what the document leaves out: that takes its default, whatever was in force."""
    for change in found:
        before, after = json.dumps(change["before"]), json.dumps(change["after"])
        section, _, name = change["member"].partition(".")
        told = section in policy.model_fields_set and name in getattr(policy, section).model_fields_set
        left_out = "" if told else " (left out, so the default)"
        typer.echo(f"{change['member']}: {after}{left_out}, and {before} in {against}")


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid("the policy is not UTF-8", code="policy_invalid") from error
