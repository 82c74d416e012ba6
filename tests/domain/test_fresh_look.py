"""Stagnation is normal; the way back is a new perspective together and a few concrete measures."""

from tests.domain.story import (
    AS_COORDINATOR,
    AS_MENTEE,
    AS_MENTOR,
    STRANGER,
    Story,
    agreed,
    closed,
    committed,
    corrected,
    day,
    given,
    held,
    look,
    measures,
    met,
    opened,
    paused,
    policy,
)
from workflow.aggregates import commands as c
from workflow.aggregates import events as e

LOOK = "fresh_look"
MISSING = "no_fresh_look"
OVERDUE = "measures_overdue"
REVIEW = "measures"
CALL = measures("call")[0].measure


def declared(at: float = 20) -> c.DeclareStagnation:
    return c.DeclareStagnation(at=day(at), actor=AS_MENTOR)


def done(at: float, actor: c.Actor = AS_MENTEE) -> c.CompleteMeasure:
    return c.CompleteMeasure(at=day(at), actor=actor, measure=CALL)


def dropped(at: float, actor: c.Actor = AS_MENTEE) -> c.DropMeasure:
    return c.DropMeasure(at=day(at), actor=actor, measure=CALL)


def reviewed(at: float) -> c.ReviewMeasures:
    return c.ReviewMeasures(at=day(at), actor=AS_MENTOR)


def since(story: Story, code: str) -> list[float]:
    return [(raised.since - day(0)).total_seconds() / 86400 for raised in story.raised(code)]


# --- being asked for one ----------------------------------------------------------------------------------


def test_the_mentor_is_prompted_first_everybody_on_day_14_the_coordinator_on_day_21() -> None:
    asked = policy(dialogue={"pulse_days": []})
    story = given(*agreed(), *met(3), declared(), in_force=asked).pass_time(day(47))
    assert story.reminders(LOOK) == [
        (LOOK, "mentor", day(20)),
        (LOOK, "mentee", day(34)),
        (LOOK, "mentor", day(34)),
        (LOOK, "coordinator", day(41)),
    ]


def test_nobody_is_asked_once_there_was_one() -> None:
    story = given(*agreed(), *met(3), declared(), look(22)).pass_time(day(60))
    assert story.reminders(LOOK) == [(LOOK, "mentor", day(20))]


def test_a_second_stagnation_asks_anew_though_the_first_brought_none() -> None:
    back = (held("m", day(66)), held("n", day(80)))
    story = given(*agreed(months=24)).pass_time(day(65)).when(*back).then_state("active")
    story.pass_time(day(150)).then_state("stagnation")
    assert story.reminders(LOOK) == [(LOOK, "mentor", day(60)), (LOOK, "mentor", day(140, 1))]


def test_21_days_without_measures_is_a_concern_counted_from_entry() -> None:
    story = given(*agreed(), declared()).pass_time(day(40.99)).then_no_concern(MISSING)
    story.pass_time(day(41)).then_concern(MISSING)
    assert since(story, MISSING) == [41]
    story.when(look(42)).then_no_concern(MISSING)


def test_so_is_being_back_without_them_from_that_day_on() -> None:
    story = (
        given(*agreed()).pass_time(day(65)).when(held("m", day(66)), held("n", day(70))).then_state("active")
    )
    story.then_concern(MISSING)
    assert story.raised(MISSING)[0].since == day(70, 1)


def test_who_comes_back_without_them_after_the_21_days_has_missed_them_since() -> None:
    story = given(*agreed()).pass_time(day(90)).then_state("stagnation").then_concern(MISSING)
    missing = since(story, MISSING)
    story.when(held("m", day(91)), held("n", day(95))).then_state("active").then_concern(MISSING)
    assert since(story, MISSING) == missing


def test_a_look_before_the_entry_is_none_of_this_stagnation() -> None:
    story = given(*agreed(), *met(3), look(10), declared()).pass_time(day(41)).then_concern(MISSING)
    story.when(look(19, "visit", "write"), now=day(42)).then_concern(MISSING)
    story.when(look(20, "walk", "read"), now=day(43)).then_no_concern(MISSING)


def test_a_stagnation_that_never_was_asks_for_nothing() -> None:
    story = given(*agreed()).pass_time(day(65)).when(held("m", day(30)), now=day(66)).then_state("active")
    assert story.pass_time(day(89)).raised(MISSING) == []


# --- taking one -------------------------------------------------------------------------------------------


def test_the_pair_records_a_look_with_measures() -> None:
    given(*agreed(), *met(3), declared()).when(look(21)).then(e.FreshLookHeld)
    given(*agreed(), *met(3)).when(look(21)).then(e.FreshLookHeld)


def test_a_pair_that_has_not_agreed_yet_has_nothing_to_look_at() -> None:
    story = given(opened(), *committed()).when(look(1)).then_refused("not_yet")
    assert story.refusal is not None
    assert story.refusal.possible == ("conclude_agreement", "close")


def test_it_has_two_to_five_measures() -> None:
    names = ("1", "2", "3", "4", "5", "6")
    given(*agreed()).when(look(5, *names[:1])).then_refused("measures_count")
    given(*agreed()).when(look(5, *names)).then_refused("measures_count")
    given(*agreed()).when(look(5, *names[:2])).then(e.FreshLookHeld)
    given(*agreed()).when(look(5, *names[:5])).then(e.FreshLookHeld)


def test_each_measure_is_a_new_one_and_a_party_takes_it_on() -> None:
    given(*agreed()).when(look(5, "call", "call")).then_refused("measure_known")
    given(*agreed(), look(5)).when(look(6, "call", "walk")).then_refused("measure_known")
    strange = tuple(one.model_copy(update={"who": STRANGER}) for one in measures("1", "2"))
    taken = c.HoldFreshLook(at=day(5), actor=AS_MENTEE, measures=strange)
    given(*agreed()).when(taken).then_refused("not_a_party")
    given(*agreed()).when(c.HoldFreshLook(at=day(5), actor=AS_COORDINATOR, measures=measures("1", "2")))


def test_a_measure_is_to_be_done_by_a_day_that_is_still_to_come() -> None:
    given(*agreed()).when(look(5, by=4.9)).then_refused("measure_date")
    given(*agreed()).when(look(5, by=5)).then(e.FreshLookHeld)


def test_the_pair_s_own_business_is_not_the_coordinator_s() -> None:
    for asked in (
        c.HoldFreshLook(at=day(6), actor=AS_COORDINATOR, measures=measures("1", "2")),
        done(6, AS_COORDINATOR),
        dropped(6, AS_COORDINATOR),
        c.ReviewMeasures(at=day(6), actor=AS_COORDINATOR),
    ):
        given(*agreed(), look(5)).when(asked).then_refused("not_a_party")


# --- what becomes of the measures -------------------------------------------------------------------------


def test_a_measure_is_done_once_and_dropped_once_by_each() -> None:
    given(*agreed(), look(5)).when(done(6)).then(e.MeasureCompleted).when(done(7)).then()
    story = given(*agreed(), look(5)).when(dropped(6)).then(e.MeasureDropped).when(dropped(7)).then()
    story.when(dropped(7, AS_MENTOR)).then(e.MeasureDropped)
    given(*agreed(), look(5), done(6)).when(dropped(7)).then_refused("measure_done")
    for unknown in (done(6), dropped(6), reviewed(6)):
        given(*agreed()).when(unknown).then_refused("measure_unknown")


def test_their_review_is_asked_for_30_days_after_the_look_and_is_overdue_from_then() -> None:
    story = given(*agreed(), *met(3), look(15)).pass_time(day(44.99)).then_no_concern(OVERDUE)
    assert story.reminders(REVIEW) == []
    story.pass_time(day(45)).then_concern(OVERDUE).pass_time(day(52))
    assert {who for _, who, _ in story.reminders(REVIEW)} == {"mentor", "mentee"}
    assert since(story, OVERDUE) == [45]
    story.when(reviewed(52)).then(e.MeasuresReviewed, e.ConcernCleared).then_no_concern(OVERDUE)
    assert len(story.pass_time(day(120)).raised(OVERDUE)) == 1


def test_a_review_before_the_look_is_none_of_it() -> None:
    story = given(*agreed(), look(5), reviewed(6), look(20, "1", "2")).when(reviewed(10), now=day(21))
    story.pass_time(day(49.9)).then_no_concern(OVERDUE).pass_time(day(50)).then_concern(OVERDUE)


def test_a_review_on_the_day_of_the_look_is() -> None:
    given(*agreed(), look(5), reviewed(5)).pass_time(day(50)).then_no_concern(OVERDUE)


def test_one_past_its_date_is_overdue_until_done_dropped_or_reviewed() -> None:
    def late() -> Story:
        return given(*agreed(), look(15, by=25)).pass_time(day(24.99)).then_no_concern(OVERDUE)

    late().pass_time(day(25)).then_concern(OVERDUE)
    other = measures("plan")[0].measure
    for settled in (done, lambda at: c.CompleteMeasure(at=day(at), actor=AS_MENTEE, measure=other)):
        late().when(settled(24)).pass_time(day(26)).then_concern(OVERDUE)
    both = (done(26), c.CompleteMeasure(at=day(26), actor=AS_MENTEE, measure=other))
    late().pass_time(day(26)).when(*both).then_no_concern(OVERDUE)
    late().pass_time(day(26)).when(reviewed(26)).then_no_concern(OVERDUE).pass_time(day(60)).then_no_concern(
        OVERDUE
    )


def test_a_review_before_its_date_does_not_put_that_off_one_on_it_does() -> None:
    given(*agreed(), look(15, by=25), reviewed(24)).pass_time(day(25)).then_concern(OVERDUE)
    given(*agreed(), look(15, by=25)).when(reviewed(25)).pass_time(day(30)).then_no_concern(OVERDUE)


def test_of_several_looks_the_latest_is_reviewed() -> None:
    story = given(*agreed(), look(15), look(20, "1", "2")).pass_time(day(49.9)).then_no_concern(OVERDUE)
    story.pass_time(day(50)).then_concern(OVERDUE)


def test_measures_all_done_need_no_review() -> None:
    both = [c.CompleteMeasure(at=day(16), actor=AS_MENTEE, measure=one.measure) for one in look(15).measures]
    story = given(*agreed(), *met(3), look(15), *both).pass_time(day(60)).then_no_concern(OVERDUE)
    assert story.reminders(REVIEW) == []


def test_a_pause_puts_dates_and_review_off() -> None:
    story = given(*agreed(), *met(3), look(15, by=25), paused(18, until=28)).pass_time(day(34.9))
    story.then_no_concern(OVERDUE).pass_time(day(35)).then_concern(OVERDUE)
    story = (
        given(*agreed(), *met(3), look(15), paused(18, until=28))
        .pass_time(day(54.9))
        .then_no_concern(OVERDUE)
    )
    story.pass_time(day(55)).then_concern(OVERDUE)


def test_what_was_done_before_all_dropped_it_was_done() -> None:
    story = given(*agreed(), declared(), look(22), dropped(23)).when(done(24), held("m", day(25)))
    story.then_state("active")
    assert story.last(e.Reinvigorated).occurred_at == day(25, 1)
    assert [type(story.events[version - 1]) for version in story.last(e.Reinvigorated).evidence] == [
        e.FreshLookHeld,
        e.MeetingHeld,
    ]


def test_a_measure_of_before_the_entry_brings_nobody_back() -> None:
    story = given(*agreed(), look(10), declared(), look(21, "1", "2"), held("m", day(22)))
    story.when(done(23)).then_state("stagnation")
    story.when(c.CompleteMeasure(at=day(24), actor=AS_MENTEE, measure=measures("1")[0].measure))
    looked = story.events[story.last(e.Reinvigorated).evidence[0] - 1]
    assert (type(looked), looked.occurred_at) == (e.FreshLookHeld, day(21))


def test_a_meeting_that_ends_as_stagnation_is_entered_brings_nobody_back_one_after_it_does() -> None:
    story = given(*agreed(), held("m", day(20, -1)), declared(), look(21)).when(done(22))
    story.then_state("stagnation")
    story = given(*agreed(), declared(), look(21), done(22)).when(held("m", day(20, -0.9)), now=day(23))
    story.then_state("active")


def test_the_concern_goes_with_the_closing() -> None:
    given(*agreed(), look(15, by=25)).pass_time(day(26)).when(closed(27)).then_no_concern(OVERDUE)


def test_a_way_back_whose_meeting_is_corrected_is_taken_back() -> None:
    story = given(*agreed(), declared(), look(22), done(23), held("m", day(24))).then_state("active")
    story.when(corrected("m", day(30), e.Outcome.NONE)).then_state("stagnation")
    revised = story.last(e.MoveRevised)
    assert (revised.move, revised.instant, revised.entered) == ("reinvigorate", None, "stagnation")
    assert story.state is not None
    assert story.state.entered_at == day(20)


def test_a_stagnation_that_the_pair_came_back_from_and_that_never_was_is_revised_away() -> None:
    story = (
        given(*agreed()).pass_time(day(65)).when(held("m", day(66)), held("n", day(70))).then_state("active")
    )
    story.when(held("earlier", day(30)), now=day(71)).then_state("active").then_no_concern(MISSING)
    revised = story.last(e.MoveRevised)
    assert (revised.move, revised.instant) == ("stagnate", None)
