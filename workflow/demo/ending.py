"""The end of a demonstration's programme, once all that it shows has been seen: its relationships close with it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import httpx

from workflow.demo.findings import Findings, instant, log, step
from workflow.demo.portal import OPERATOR
from workflow.errors import Unavailable

PATIENCE = 60
"""Seconds in which every relationship is closed, or something is wrong."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How many relationships closed with the programme, and where that differs from what must come of it."""

    closed: int
    differences: list[str]


def end_programme(address: str, found: Findings) -> Ending:
    """Close the programme, and see that whatever was open by ``found`` closes with it, and nothing else happens."""
    still_open = {row["id"] for row in found.rows if row["state"] != "closure"}
    with httpx.Client(base_url=address, timeout=120, trust_env=False) as client:
        answer = client.post("/v1/programme/closure", headers=OPERATOR).raise_for_status().json()
        _followed(client)
        steps = [
            (recorded["stream"], entered, recorded["event"].get("reason"))
            for recorded in log(client, found.head)
            if (entered := step(recorded["event"])) is not None
        ]
    at = instant(answer["closed_at"])
    wanted = sorted((relationship, ("closure", at), "programme_ended") for relationship in still_open)
    parted = [f"the end of {one[0]}: found {one}" for one in sorted(steps) if one not in wanted]
    parted += [f"the end of {one[0]}: expected {one}" for one in wanted if one not in steps]
    if len(steps) > len(wanted):
        parted.append(f"{len(steps)} relationships closed with the programme, of {len(wanted)} open")
    return Ending(len(steps), parted)


def _followed(client: httpx.Client) -> None:
    """Wait until no relationship of the programme is left to be asked."""
    until = time.monotonic() + PATIENCE
    while client.get("/v1/programme").raise_for_status().json()["under_way"]:
        if time.monotonic() > until:
            raise Unavailable("the programme was closed, and not every relationship closed with it")
        time.sleep(0.05)
