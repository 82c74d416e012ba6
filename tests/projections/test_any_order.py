"""The rows that the same facts make do not depend on the order in which they came."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given as drawn
from hypothesis import strategies as st

from tests.domain.any_reports import LATER, reports
from tests.domain.story import AS_COORDINATOR, AS_MENTEE, PAIR, Story, agreed, day, given, measures, policy
from tests.projections.facts import rows_of
from workflow.aggregates import commands as c
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.projection import Projection
from workflow.projections.tables import compact
from workflow.store.recorded import Metadata, Recorded


def rows(story: Story) -> dict[str, list[str]]:
    """The canonical rows of one story."""
    page = [
        Recorded(
            number,
            PAIR,
            number,
            event,
            Metadata(event_id=UUID(int=number), recorded_at=LATER, correlation_id="c"),
        )
        for number, event in enumerate(story.events, 1)
    ]
    return {projection.name: _rows(projection, page) for projection in PROJECTIONS}


def _rows(projection: Projection, page: list[Recorded]) -> list[str]:
    canonical = (projection.canonical(row) for row in rows_of(projection, page))
    return sorted(compact(row) for row in canonical if row is not None)


@drawn(st.data(), reports(), st.sampled_from(("active", "none", "inferred", "declared")))
def test_any_order_makes_the_same_rows(
    data: st.DataObject, messages: tuple[c.MeetingReport, ...], start: str
) -> None:
    base = given(*agreed())
    if start == "none":
        base = given(*agreed()[:3], in_force=policy(agreement={"form": "none"}))
    elif start == "inferred":
        base.pass_time(day(60))
    elif start == "declared":
        base.decide(c.DeclareStagnation(at=day(10), actor=AS_COORDINATOR))
    look = c.HoldFreshLook(at=day(62), actor=AS_MENTEE, measures=measures("call", "plan"))
    done = c.CompleteMeasure(at=day(63), actor=AS_MENTEE, measure=look.measures[0].measure)
    told: tuple[c.Command, ...] = messages if start in ("active", "none") else (*messages, look, done)
    found = []
    for order in (told, tuple(data.draw(st.permutations(messages)))):
        story = Story(base.in_force)
        assert base.state is not None
        story.state, story.events = base.state.fork(), list(base.events)
        for command in order if len(order) == len(told) else (look, *order, done):
            story.decide(command, now=LATER)
        found.append(rows(story))
    assert found[0] == found[1]
