"""The verbs on a folder that no service runs on."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from tests.cli.conftest import run, told
from tests.web.conftest import AS_COORDINATOR, PARTIES
from workflow.cli.desk import Desk
from workflow.cli.docs.verbs import commands
from workflow.cli.facts import DOING
from workflow.cli.tables import foreign
from workflow.errors import Invalid, MentoringError, Unavailable
from workflow.folder import Folder
from workflow.lifecycle import offline
from workflow.settings import Settings
from workflow.web.api import create_app
from workflow.web.moves import ROUTES


def test_relationships_are_listed_and_shown(data: Path, relationship: str) -> None:
    (row,) = told("relationship", "list", "--data", data)
    assert (row["id"], row["state"]) == (relationship, "stagnation")
    assert told("relationship", "list", "--data", data, "--state", "closure") == []
    shown = told("relationship", "show", relationship, "--data", data)
    assert [stay["state"] for stay in shown["journey"]][-1] == "stagnation"
    assert shown["timeline"][0]["name"] == "mentoring.relationship_opened.v1"
    for words in (("list",), ("show", relationship)):
        text = run("relationship", *words, "--data", data).stdout
        assert relationship in text
        assert "silence" in text


def test_whom_to_contact_is_told_with_why_since_when_and_what_would_clear_it(
    data: Path, relationship: str
) -> None:
    found = told("today", "--data", data)
    assert [row["id"] for row in found["relationships"]] == [relationship]
    text = run("today", "--data", data).stdout
    (first,) = [line for line in text.splitlines() if line.split()[:1] == [relationship[:8]]]
    for said in ("stagnation", "nothing heard", "2026-01-26", "a meeting"):
        assert said in first
    assert "all times UTC" in text


def test_nobody_to_contact_is_said(data: Path) -> None:
    async def begin() -> None:
        async with offline(Settings(data=data)):
            pass

    asyncio.run(begin())
    result = run("today", "--data", data)
    assert result.exit_code == 0
    assert re.fullmatch(
        r"Nobody: no open relationship has a concern, as of \d{4}-\d\d-\d\d \d\d:\d\d; all times UTC\.\n"
        r"No service runs on this folder, so that no time passes and nothing new is known\.\n",
        result.stdout,
    )


def test_an_id_may_be_shortened(data: Path, relationship: str) -> None:
    for given in (relationship, relationship[:4], relationship[:13].upper()):
        assert told("relationship", "show", given, "--data", data)["id"] == relationship
    other = f"{int(relationship[:4], 16) ^ 1:04x}"
    unknown = run("relationship", "show", other, "--data", data)
    assert (unknown.exit_code, f"begins with {other}" in unknown.stderr) == (1, True)
    for given in (relationship[:3], "no-uuid", "'; --"):
        assert run("relationship", "show", given, "--data", data).exit_code == 2


def test_a_shortened_id_that_could_be_several_names_them(data: Path) -> None:
    twins = [f"3f2a0000-0000-4000-8000-00000000000{number}" for number in range(2)]

    async def begin() -> None:
        async with offline(Settings(data=data)) as service:
            transport = httpx.ASGITransport(create_app(service))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
                for id in twins:
                    body = {"relationship_id": id, "parties": PARTIES}
                    await http.post("/v1/relationships", json=body, headers=AS_COORDINATOR)

    asyncio.run(begin())
    result = run("relationship", "show", "3f2a", "--data", data)
    assert result.exit_code == 1
    assert all(id in result.stderr for id in twins)


def test_a_relationship_is_shown_with_what_its_concerns_rest_on(data: Path, relationship: str) -> None:
    text = run("relationship", "show", relationship[:8], "--data", data).stdout
    lines = text.splitlines()
    concern = next(
        number for number, line in enumerate(lines) if line.startswith("concern: nothing heard for long")
    )
    assert "since 2026-01-26 08:00; cleared by a meeting held, or one booked soon" in lines[concern]
    assert re.fullmatch(r"  because 2026-01-26 08:00 stagnation suspected \(event \d+\)", lines[concern + 1])
    assert "can close: a party or the coordinator ends it, saying how and why" in lines
    assert "/v1/" not in text
    assert text.count("all times UTC") == 1


def _told_events(data: Path, *words: object) -> list[str]:
    return run("events", "tail", "--data", data, *words, "--json").stdout.splitlines()


def test_events_are_told_one_a_line(data: Path, relationship: str) -> None:
    lines = _told_events(data, "--all")
    events = [json.loads(line) for line in lines]
    assert [event["position"] for event in events] == list(range(1, len(events) + 1))
    assert _told_events(data, "--beyond", 0) == lines
    assert _told_events(data, "--beyond", 3) == lines[3:]
    assert _told_events(data, "--last", 2) == _told_events(data, "-n", 2) == lines[-2:]
    assert _told_events(data, "-n", 0) == []
    own = run(
        "events", "tail", "--data", data, "--all", "--relationship", relationship[:6]
    ).stdout.splitlines()
    assert len(own) == sum(event["stream"] == relationship for event in events)
    assert all(f"Z  {relationship}  " in line for line in own)
    assert _told_events(data, "--relationship", relationship, "-n", 1) == lines[-1:]


def test_without_options_the_last_twenty_events_are_told(data: Path) -> None:
    async def begin() -> None:
        async with offline(Settings(data=data)) as service:
            transport = httpx.ASGITransport(create_app(service))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
                for _ in range(30):
                    await http.post("/v1/relationships", json={"parties": PARTIES}, headers=AS_COORDINATOR)

    asyncio.run(begin())
    lines = _told_events(data, "--all")
    assert len(lines) == 32
    assert _told_events(data) == lines[-20:]


def test_projections_are_rebuilt_and_proved(data: Path, relationship: str) -> None:
    before = told("verify", "--data", data)
    assert before["equal"]
    assert before["rows"] > 0
    rebuilt = told("projections", "rebuild", "--data", data)
    assert {one["generation"] for one in rebuilt["projections"]} == {2}
    assert told("verify", "--data", data)["hash"] == before["hash"]
    status = told("projections", "status", "--data", data)
    assert {one["status"] for one in status["projections"]} == {"running"}
    assert "running" in run("projections", "status", "--data", data).stdout


def test_nothing_is_parked_where_nothing_came_in(data: Path, relationship: str) -> None:
    assert told("parked", "list", "--data", data) == []
    for words in (("show", 1), ("retry", 1), ("drop", 1)):
        result = run("parked", *words, "--data", data)
        assert result.exit_code == 1
        assert "parked under" in result.stderr


def test_what_is_not_there_ends_with_1_and_says_so(data: Path, relationship: str) -> None:
    result = run("relationship", "show", uuid4(), "--data", data, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stderr)["error"]["code"] == "not_found"
    assert run("projections", "rebuild", "nosuch", "--data", data).exit_code == 1


@pytest.mark.parametrize(
    "words",
    [
        "relationship list",
        "relationship show 1234",
        "today",
        "health",
        "intake",
        "events tail",
        "waiting list",
        "parked list",
        "parked retry 1",
        "projections status",
        "projections rebuild",
        "verify",
        "policy show",
    ],
)
def test_a_folder_in_which_nothing_is_kept_is_left_alone(tmp_path: Path, words: str) -> None:
    result = run(*words.split(), "--data", tmp_path / "nowhere")
    assert result.exit_code == 3
    assert "mentoring up" in result.stderr
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(502, html="<h1>Bad Gateway</h1>"), Unavailable),
        (httpx.Response(502, json="bad gateway"), Unavailable),
        (httpx.Response(404, html="<h1>Not Found</h1>"), Invalid),
        (httpx.Response(200, html="<h1>Welcome</h1>"), Invalid),
    ],
)
async def test_an_answer_that_is_not_the_services_is_told_as_such(
    answer: httpx.Response, kind: type[MentoringError]
) -> None:
    somebody = httpx.MockTransport(lambda _: answer)
    async with httpx.AsyncClient(
        transport=somebody, base_url="http://me:zzsecret@there.example:8080"
    ) as client:
        with pytest.raises(kind, match=r"there\.example:8080 is not the service") as raised:
            await Desk(client, running=True).get("/v1/health")
    assert f"it said {answer.status_code}" in raised.value.detail
    assert "zzsecret" not in raised.value.detail


def test_a_folder_in_use_is_refused_with_its_holder(data: Path, relationship: str) -> None:
    with Folder(data):
        for words in (("relationship", "list"), ("verify",), ("up", "--port", 0)):
            result = run(*words, "--data", data)
            assert result.exit_code == 3
            assert "in use by process" in result.stderr
    assert run("verify", "--data", data).exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("relationship", "show", "no-uuid"),
        ("relationship", "list", "--state", "bliss"),
        ("up", "--clock", "sundial"),
        ("up", "--port", "70000"),
        ("up", "--zone", "Mars/Olympus"),
        ("up", "--host", "0.0.0.0"),
        ("up", "--start", "2026-01-05"),
        ("up", "--start", "2026-01-05", "--clock", "real"),
        ("nosuch",),
    ],
)
def test_wrong_words_end_with_2(data: Path, words: tuple[str, ...]) -> None:
    data_words = ("--data", data) if words[0] != "nosuch" else ()
    result = run(*words, *data_words)
    assert result.exit_code == 2
    assert result.stderr


def test_a_folder_keeps_its_kind_of_clock(data: Path, relationship: str) -> None:
    result = run("up", "--data", data, "--clock", "real", "--port", 0)
    assert result.exit_code == 1
    assert "simulated" in result.stderr


def test_what_the_code_knows_is_drawn_without_a_folder(tmp_path: Path) -> None:
    assert "stagnation --> active" in run("diagram").stdout
    moves = told("diagram")["moves"]
    assert {"move": "stagnate", "from": ["active"], "to": "stagnation"} in moves
    assert json.loads(run("asyncapi").stdout)["asyncapi"].startswith("3.")
    assert json.loads(run("policy", "schema").stdout)["properties"]["silence"]


def test_a_policy_is_checked(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text("[agreement]\ncadence_days = 14\n")
    bad.write_text("[agreement]\ncadence = 14\n")
    assert told("policy", "check", good)["agreement"]["cadence_days"] == 14
    result = run("policy", "check", bad)
    assert result.exit_code == 2
    assert "agreement.cadence" in result.stderr


def test_the_policy_in_force_is_shown_as_it_can_be_given(
    data: Path, relationship: str, tmp_path: Path
) -> None:
    text = run("policy", "show", "--data", data).stdout
    assert text.startswith("# version 1 of programme default, in force since 2026-01-05 08:00")
    file = tmp_path / "policy.toml"
    file.write_text(text)
    assert told("policy", "check", file) == told("policy", "show", "--data", data)["policy"]


def test_what_others_wrote_is_no_instruction_to_the_terminal() -> None:
    assert foreign("a\x1b[2J[red]b\n") == "a�[2J\\[red]b�"


def test_who_has_it_done_is_the_command_line_unless_named(data: Path, relationship: str) -> None:
    assert told("verify", "--data", data)["by"] == "service 00000000-0000-4000-8000-6f7065726174"
    who = f"service {uuid4()}"
    assert told("verify", "--data", data, "--actor", who)["by"] == who
    named = run("verify", "--data", data, "--json", env={"MENTORING_ACTOR": who})
    assert json.loads(named.stdout)["by"] == who
    refused = run("verify", "--data", data, "--actor", f"coordinator {uuid4()}")
    assert (refused.exit_code, "only who operates the service" in refused.stderr) == (1, True)
    unfit = run("verify", "--data", data, "--actor", "emperor")
    assert (unfit.exit_code, "--actor has the form" in unfit.stderr) == (2, True)


@pytest.mark.parametrize("name", commands())
def test_no_help_breaks_a_line_by_itself(name: str) -> None:
    paragraphs = str(commands()[name].help).split("\n\n")
    assert not any("\n" in paragraph for paragraph in paragraphs)


def test_what_brings_a_move_about_is_told_for_every_move_that_people_make() -> None:
    assert DOING.keys() == ROUTES.keys()


def test_help_says_where_the_folder_is_looked_for() -> None:
    for words in (("today",), ("up",), ("relationship", "show")):
        said = " ".join(re.sub("[│─╭╮╰╯]", " ", run(*words, "--help").stdout).split())
        assert "(env MENTORING_DATA; default mentoring-data)" in said


def test_a_policy_is_compared_with_the_one_in_force_and_adopted(
    data: Path, relationship: str, tmp_path: Path
) -> None:
    file = tmp_path / "policy.toml"
    file.write_text("[agreement]\ncadence_days = 14\n")
    change = "agreement.cadence_days: 14.0, and 30.0 in "
    alone = run("policy", "check", file, "--data", tmp_path / "nowhere")
    assert f"{change}the default policy" in alone.stdout
    assert f"{change}version 1, which is in force" in run("policy", "check", file, "--data", data).stdout
    adopted = told("policy", "adopt", file, "--data", data)
    assert (adopted["version"], [one["member"] for one in adopted["changes"]]) == (
        2,
        ["agreement.cadence_days"],
    )
    again = run("policy", "adopt", file, "--data", data)
    assert again.stdout == "version 2 of programme default is in force already: there was nothing to adopt\n"
    file.write_text("[silence]\nsuspected_after = 1.2\n")
    assert "agreement.cadence_days: 30.0 (left out, so the default), and 14.0 in version 2" in (
        run("policy", "check", file, "--data", data).stdout
    )
    assert told("programme", "show", "--data", data)["under_way"] == []
    assert told("policy", "show", "--data", data)["policy"]["agreement"]["cadence_days"] == 14
    assert told("relationship", "show", relationship, "--data", data)["id"] == relationship
    file.write_text("[agreement]\ncadence_days = -1\n")
    refused = run("policy", "adopt", file, "--data", data)
    assert (refused.exit_code, "agreement.cadence_days must be more than 0" in refused.stderr) == (2, True)


def test_a_programme_is_closed_by_its_name_with_all_of_its_relationships(
    data: Path, relationship: str
) -> None:
    assert run("programme", "close", "--data", data).exit_code == 2
    assert run("programme", "close", "other", "--data", data).exit_code == 1
    closed = run("programme", "close", "default", "--data", data)
    assert (
        "programme default is closed since 2026-03-01 00:00 UTC, and so are its relationships"
        in closed.stdout
    )
    assert told("relationship", "show", relationship, "--data", data)["state"] == "closure"
    shown = run("programme", "show", "--data", data).stdout
    assert "open since 2026-01-05 08:00 until 2026-03-01 00:00; policy version 1" in shown


def test_a_contact_is_noted_and_clears_what_asked_for_it(data: Path, relationship: str) -> None:
    overdue, who = "a support contact is overdue", f"coordinator {UUID(int=7)}"
    assert overdue in run("relationship", "show", relationship, "--data", data).stdout
    refused = run("relationship", "contacted", relationship, "--data", data)
    assert (refused.exit_code, refused.stderr) == (1, "mentoring: only a coordinator can do this\n")
    noted = run(
        "relationship", "contacted", relationship[:8], "--note", "hello", "--actor", who, "--data", data
    )
    assert noted.stdout.startswith("noted; what stands of it still: nothing heard for long")
    assert overdue not in noted.stdout
    text = run("relationship", "show", relationship, "--data", data).stdout
    assert overdue not in text
    assert "hello" not in text
