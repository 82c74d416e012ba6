"""``mentoring health``: whether all is well, for people and for what watches over processes."""

from __future__ import annotations

from typing import Any

import httpx

from workflow.cli.desk import NOT_NAMED, shown
from workflow.cli.tables import behind, minute
from workflow.cli.verb import AsJson, Data, Exit, emit, out, settings_of, verb
from workflow.errors import Unavailable
from workflow.folder import Folder
from workflow.settings import Settings

_PATIENCE = 10


@verb
async def health(data: Data = None, as_json: AsJson = False) -> Exit:
    """Tell whether the running service is well. Ends with 0 where it is, 1 where not, 3 where none answers."""
    told = await _ask(settings_of(data))
    if as_json:
        emit(told)
    else:
        out.print(
            f"{told['status']} · version {told['version']} · {told['head']} events · "
            f"{told['clock']} clock, {minute(told['now'])} UTC",
            soft_wrap=True,
        )
        for trouble in told["troubles"]:
            out.print(f"  {trouble}", markup=False, soft_wrap=True)
        if told["intake"] is not None:
            out.print(f"intake: {told['intake']['state']}, {behind(told['intake']['behind'])}")
        if told["delivery"] is not None:
            out.print(f"delivery: {told['delivery']['state']}, {told['delivery']['lag']} events behind")
        if told["hooks"]["ran_over"]:
            out.print(
                f"hooks: {told['hooks']['ran_over']} translations took too long; what was sent is parked"
            )
        for one in told["projections"]:
            out.print(f"projection {one['name']}: {one['status']}, {one['lag']} behind")
    return Exit.DONE if told["status"] == "ok" else Exit.NO


async def _ask(settings: Settings) -> dict[str, Any]:
    if settings.api is not None:
        return await _asked_of(settings.api)
    folder = Folder(settings.data)
    if settings.database is None and not folder.begun():
        raise folder.nothing_kept()
    address = folder.address()
    if address is None:
        if settings.database is not None:
            raise Unavailable(NOT_NAMED)
        raise Unavailable(
            f"no service runs on {settings.data}; `mentoring up --data {settings.data}` starts one, and MENTORING_API "
            "names one that runs elsewhere"
        )
    told = await _asked_of(address.http)
    # One that was killed leaves its address behind, and another may answer there by now.
    if told.get("instance") != str(address.instance):
        raise Unavailable(f"the service of {settings.data} is gone; another answers at {address.http}")
    return told


async def _asked_of(address: str) -> dict[str, Any]:
    try:
        async with httpx.AsyncClient(base_url=address, timeout=_PATIENCE, trust_env=False) as client:
            told = (await client.get("/v1/health")).json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable(f"the service does not answer at {shown(httpx.URL(address))}") from error
    if not isinstance(told, dict) or "instance" not in told:
        raise Unavailable(f"what answers at {shown(httpx.URL(address))} is no service of ours")
    return told
