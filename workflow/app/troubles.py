"""What is wrong with the parts of one process, in words, by the role that they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from workflow.settings import Role

if TYPE_CHECKING:
    from workflow.app.service import Service


def troubles(service: Service) -> Iterator[tuple[Role, str]]:
    """Each trouble of a part that has stopped, or tries again and again."""
    if not service.writer.alive:
        yield Role.API, "the writer has ended; start the service anew"
    for name, kind in service.parts.ended.items():
        yield Role.API, f"{name} has ended: {kind}; start the service anew"
    for name, trouble in service.duties.troubles.items():
        yield Role.API, f"whether another process does {name} is not known: {trouble}"
    if service.server is not None and service.server.trouble is not None:
        yield Role.INTAKE, f"the NATS server {service.server.trouble}"
    status = service.taking_in.status
    if status is not None:
        if status.cause is not None:
            yield Role.INTAKE, f"intake has stopped: {status.cause}"
        elif status.trouble is not None:
            begun = "has not begun" if status.state == "off" else "is in trouble and tries again"
            yield Role.INTAKE, f"intake {begun}: {status.trouble}"
    if service.publisher is not None and service.publisher.trouble is not None:
        yield Role.API, f"nothing can be published by this process: {service.publisher.trouble}"
    # What an exception says may hold what was sent: here only its kind, the rest stands in the log.
    for folding in (service.projections, service.projecting):
        if folding is not None and folding.trouble is not None:
            yield Role.PROJECT, f"projections cannot go on: {_kind(folding.trouble)}"
    for chore in service.upkeep.chores:
        if chore.trouble:
            yield Role.CLOCK, f"{chore.undone}: {chore.trouble}"
    for trouble in service.translators.troubles:
        yield Role.API, f"hooks are to be sent again later: {trouble}"
    if service.upkeep.driver.trouble is not None:
        yield Role.CLOCK, f"the clock cannot ask: {_kind(service.upkeep.driver.trouble)}"


def _kind(trouble: str) -> str:
    return trouble.partition(":")[0]
