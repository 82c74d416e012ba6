"""How the parts stand that other processes of the same service have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from workflow.app.troubles import troubles
from workflow.consumers.delivery.status import DeliveryStatus
from workflow.consumers.meetings.status import IntakeStatus, together
from workflow.diagnosis import Finding, ok, trouble, warning
from workflow.settings import Role
from workflow.store.postgres.board import Notice

if TYPE_CHECKING:
    from workflow.app.service import Service

S = TypeVar("S", IntakeStatus, DeliveryStatus)
_ABOUT = "processes"
_DUTIES = {Role.INTAKE: "intake", Role.PROJECT: "projections", Role.CLOCK: "clock", Role.DELIVER: "delivery"}
"""What a role comes to that somebody has to be at."""


class Others(NamedTuple):
    """What is known of them; None of what nobody does."""

    intake: IntakeStatus | None = None
    delivery: DeliveryStatus | None = None
    troubles: Sequence[str] = ()


def told(service: Service) -> dict[str, dict[str, Any]]:
    """What this process tells the others, by role."""
    found: dict[str, dict[str, Any]] = {
        role.value: {
            "at_work": _is_at_work(service, role),
            "troubles": [one for of, one in troubles(service) if of is role],
        }
        for role in service.roles
    }
    for role, status in ((Role.INTAKE, service.taking_in.status), (Role.DELIVER, service.delivering.status)):
        if status is not None:
            found[role]["status"] = asdict(status)
    return found


def others(service: Service) -> Others:
    """How the others stand; nothing is known of any where facts lie in files, for there are none."""
    notices = service.notices
    if notices is None:
        return Others()
    elsewhere = [one for one in notices.of_all if one.instance != service.instance]
    said = [str(one) for notice in elsewhere for one in notice.told.get("troubles", ())]
    missing = [
        f"nobody is at work as {role.value}: {_start(role)}"
        for role in _DUTIES
        if not _is_at_work(service, role) and not notices.at_work(role)
    ]
    return Others(
        together(_statuses(elsewhere, Role.INTAKE, IntakeStatus)),
        next(iter(_statuses(elsewhere, Role.DELIVER, DeliveryStatus)), None),
        [*dict.fromkeys(said), *missing],
    )


def seen(notices: Sequence[Notice]) -> Iterator[Finding]:
    """What somebody who looks from outside finds of the processes of a service."""
    if not notices:
        yield warning(
            _ABOUT,
            "none of the service is there: nothing is taken in, asked or told, and nothing is lost by that",
            f"unless it was stopped on purpose, start `mentoring serve {' '.join(Role)}`, or each role by itself",
        )
        return
    for role in Role:
        own = [one for one in notices if one.role == role]
        at_work = [one for one in own if one.told.get("at_work")]
        if role in _DUTIES and not at_work:
            yield trouble(_ABOUT, f"nobody is at work as {role.value}", _start(role))
        elif own:
            standing_by = [one.host for one in own if one not in at_work]
            beside = f"; {', '.join(standing_by)} standing by" if standing_by else ""
            hosts = ", ".join(one.host for one in at_work)
            yield ok(_ABOUT, f"{role.value}: {hosts} at work{beside}")
    for said in dict.fromkeys(str(one) for notice in notices for one in notice.told.get("troubles", ())):
        yield trouble(_ABOUT, said, "see *When something is not well* in docs/operate.md")


def _start(role: Role) -> str:
    return f"start `mentoring serve {role.value}`"


def _is_at_work(service: Service, role: Role) -> bool:
    duty = _DUTIES.get(role)
    return duty is None or any(name.partition(" ")[0] == duty for name in service.duties.at_work)


def _statuses(notices: Sequence[Notice], role: Role, kind: type[S]) -> list[S]:
    """What those say that are at work. One of another version may say more, or not all that is known here."""
    known = {field.name for field in fields(kind)}
    said = [one.told.get("status", {}) for one in notices if one.role == role and one.told.get("at_work")]
    return [kind(**{name: status[name] for name in known}) for status in said if known <= status.keys()]
