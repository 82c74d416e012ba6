"""A log of facts made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

from workflow.aggregates import events as e
from workflow.aggregates.moves import Move, State
from workflow.aggregates.policy import Policy
from workflow.aggregates.programme import programme_id
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.projection import Document, Projection, heeded
from workflow.projections.projection import fold as fold_events
from workflow.projections.rows.storage import Kept
from workflow.projections.running.runner import Runner
from workflow.projections.running.views import Views
from workflow.projections.tables import Row
from workflow.store.recorded import Metadata, Recorded

DAY_ZERO = datetime(2026, 1, 5, 9, tzinfo=UTC)
PAIR = UUID("5b1f0c3e-0000-4000-8000-000000000001")
OTHER = UUID("5b1f0c3e-0000-4000-8000-000000000002")
MENTOR, MENTEE = uuid5(PAIR, "mentor"), uuid5(PAIR, "mentee")
OBSERVED, SAID, INFERRED = e.Provenance.OBSERVED, e.Provenance.SELF_REPORTED, e.Provenance.INFERRED


def day(number: float) -> datetime:
    """So many days after the opening."""
    return DAY_ZERO + timedelta(days=number)


class Log:
    """An event store in a list. ``twice`` delivers every event again, at once and with the next page."""

    def __init__(self, *, twice: bool = False) -> None:
        self.facts: list[Recorded] = []
        self.twice = twice
        self.read_after: list[int] = []

    def add(self, *events: e.Event, stream: UUID = PAIR, recorded: datetime | None = None) -> Log:
        for event in events:
            position = len(self.facts) + 1
            version = 1 + sum(fact.stream == stream for fact in self.facts)
            recorded_at = event.occurred_at if recorded is None else recorded
            metadata = Metadata(
                event_id=uuid5(stream, str(position)), recorded_at=recorded_at, correlation_id="test"
            )
            self.facts.append(Recorded(position, stream, version, event, metadata))
        return self

    def read(self, after: int, limit: int) -> Sequence[Recorded]:
        self.read_after.append(after)
        page = self.facts[after : after + limit]
        if not self.twice or not page:
            return page
        return [*self.facts[max(0, after - limit) : after], *(fact for fact in page for _ in range(2))]

    def head(self) -> int:
        return len(self.facts)


def fold(log: Log, kept: Path | Kept, *, page: int = 5_000) -> Views:
    """Fold all that a log holds, in the caller's thread."""
    views = Views(kept, PROJECTIONS, durable=False)
    Runner(views, log.read, log.head, page=page).catch_up()
    return views


def rows_of(projection: Projection, page: Sequence[Recorded]) -> list[Row]:
    """The rows that a page of one relationship's events comes to, in memory alone."""
    document: Document = []
    (events,) = heeded([projection], page, [0])
    fold_events(projection, events, {page[0].stream_text: document})
    return [projection.kept(row) for row in document]


def programme(log: Log, name: str, hours: dict[float, float]) -> Log:
    """A programme's own events: by day, from how many hours on before its start a calling-off is late."""
    first = min(hours)
    stream = programme_id(name)
    log.add(
        e.ProgrammeOpened(occurred_at=day(first), provenance=SAID, programme=name, zone="Europe/Helsinki"),
        stream=stream,
    )
    for version, (at, late) in enumerate(sorted(hours.items()), 1):
        document = Policy.model_validate({"meetings": {"late_cancellation_hours": late}})
        log.add(
            e.PolicyAdopted(occurred_at=day(at), provenance=SAID, version=version, document=document),
            stream=stream,
        )
    return log


def opened(at: float = 0, *, dues: dict[e.DueKind, datetime] | None = None) -> e.RelationshipOpened:
    parties = (e.Party(person=MENTOR, role=e.Role.MENTOR), e.Party(person=MENTEE, role=e.Role.MENTEE))
    return e.RelationshipOpened(
        occurred_at=day(at),
        provenance=SAID,
        programme="default",
        zone="Europe/Helsinki",
        parties=parties,
        dues=dues,
    )


def onboarded(at: float) -> e.CommitmentConfirmed:
    return e.CommitmentConfirmed(occurred_at=day(at), provenance=SAID, party=MENTEE, entered=State.AGREEMENT)


def concluded(at: float) -> e.AgreementConcluded:
    return e.AgreementConcluded(
        occurred_at=day(at), provenance=SAID, version=1, cadence_days=30, term_ends_at=day(at + 180)
    )


def stagnated(at: float, *, declared: bool = False) -> e.StagnationEntered:
    return e.StagnationEntered(
        occurred_at=day(at),
        provenance=INFERRED,
        declared=declared,
        anchor=day(at - 60),
        silent_for=timedelta(days=60),
        two_meetings_within=timedelta(days=60),
    )


def withdrawn(at: float) -> e.StagnationWithdrawn:
    return e.StagnationWithdrawn(occurred_at=day(at), provenance=INFERRED)


def reinvigorated(at: float) -> e.Reinvigorated:
    return e.Reinvigorated(occurred_at=day(at), provenance=INFERRED, evidence=(3, 4))


def closed(at: float) -> e.Closed:
    return e.Closed(
        occurred_at=day(at),
        provenance=SAID,
        manner=e.ClosureManner.PLANNED_HELD,
        reason=e.ClosureReason.GOALS_MET,
        dues={},
    )


def revised(move: Move, instant: float | None, entered: State | None = None, at: float = 50) -> e.MoveRevised:
    moment = None if instant is None else day(instant)
    return e.MoveRevised(occurred_at=day(at), provenance=INFERRED, move=move, instant=moment, entered=entered)


def raised(
    code: e.ConcernCode,
    since: float,
    *,
    subject: str | None = None,
    evidence: tuple[int, ...] = (1,),
    clears: str = "a call",
) -> e.ConcernRaised:
    return e.ConcernRaised(
        occurred_at=day(since),
        provenance=INFERRED,
        code=code,
        subject=subject,
        since=day(since),
        evidence=evidence,
        clears=clears,
    )


def cleared(code: e.ConcernCode, at: float, *, subject: str | None = None) -> e.ConcernCleared:
    return e.ConcernCleared(occurred_at=day(at), provenance=INFERRED, code=code, subject=subject)


def reminded(at: float) -> e.ReminderIssued:
    return e.ReminderIssued(
        occurred_at=day(at),
        provenance=INFERRED,
        kind=e.ReminderKind.BOOK_NEXT_MEETING,
        party=MENTEE,
        audience=e.Role.MENTEE,
        about=day(at - 15),
        guidance="book_next",
    )


def suspected(at: float) -> e.StagnationSuspected:
    return e.StagnationSuspected(occurred_at=day(at), provenance=INFERRED, anchor=day(at - 45))


def suspicion_cleared(at: float) -> e.SuspicionCleared:
    return e.SuspicionCleared(occurred_at=day(at), provenance=INFERRED)


def redated(at: float, dues: dict[e.DueKind, datetime]) -> e.AgendaRevised:
    return e.AgendaRevised(occurred_at=day(at), provenance=INFERRED, dues=dues)
