"""Why a concern stands, where it names no event."""

from __future__ import annotations

import pytest

from workflow.aggregates.events import ConcernCode
from workflow.cli.relationships import _tell_concerns


def told(code: ConcernCode, capsys: pytest.CaptureFixture[str]) -> list[str]:
    concern = {"code": code.value, "why": "so", "subject": None, "since": "2026-04-05T00:00:00Z"}
    _tell_concerns([concern | {"clears": "a word", "evidence": [], "guidance": None}], {})
    return capsys.readouterr().out.splitlines()


def test_what_time_alone_brings_rests_on_what_was_not_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(ConcernCode.STUCK, capsys)[-1] == (
        "  because nothing was reported in all that time that would clear it"
    )


def test_a_low_dialogue_rests_on_what_is_for_its_party_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(ConcernCode.LOW_DIALOGUE, capsys)[-1] == (
        "  because a party answered so in a check-in, which is for that party alone"
    )


def test_a_meeting_is_told_with_its_start_however_late_it_was_reported(
    capsys: pytest.CaptureFixture[str],
) -> None:
    held = {
        "version": 7,
        "name": "relationship.meeting_held.v1",
        "event": {"occurred_at": "2026-04-03T10:00:00Z", "starts_at": "2026-04-02T09:00:00Z"},
    }
    concern = {"code": "no_direction", "why": "so", "subject": None, "since": "2026-04-02T10:00:00Z"}
    _tell_concerns([concern | {"clears": "a word", "evidence": [7], "guidance": None}], {7: held})
    assert capsys.readouterr().out.splitlines()[-1].startswith("  because 2026-04-02 09:00 meeting held")
