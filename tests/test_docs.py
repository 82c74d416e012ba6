"""The documentation is whole: what exists is documented, and what is documented exists."""

from __future__ import annotations

import itertools
import re
from inspect import getdoc
from pathlib import Path
from typing import Any

import pytest

from workflow.aggregates.events import EVENTS, ConcernCode, ReminderKind
from workflow.aggregates.moves import MOVES, Move, State
from workflow.aggregates.policy import Policy
from workflow.cli.docs.__main__ import main, pages
from workflow.cli.docs.http import openapi
from workflow.cli.docs.states import diagram
from workflow.cli.docs.verbs import commands
from workflow.consumers.delivery.messages import SUBJECTS
from workflow.projections.concerns import WHY
from workflow.settings import Settings
from workflow.web.problems import PROBLEMS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
WRITTEN = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
GENERATED = pages()
VERBS = commands()


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi()


def _named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("path", sorted(GENERATED))
def test_a_generated_page_says_what_the_code_says(path: str) -> None:
    assert (DOCS / path).read_text(encoding="utf-8") == GENERATED[path], "run `make docs`"


def test_a_page_that_is_out_of_date_fails_the_check_and_is_written_anew(tmp_path: Path) -> None:
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    (tmp_path / "states.md").write_text("something else", encoding="utf-8")
    assert main(["--check"], tmp_path) == 1
    assert (tmp_path / "states.md").read_text(encoding="utf-8") == "something else"
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0


def test_the_diagram_shows_every_move() -> None:
    drawn = set(re.findall(r"^    (\w+) --> (\w+): ([\w ]+)$", diagram(), re.MULTILINE))
    assert drawn == {
        (source.value, target.value, move.value.replace("_", " "))
        for move, sources, target in MOVES
        for source in sources
    }


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_and_each_of_its_members_is_documented(name: str) -> None:
    event = EVENTS[name]
    page = (DOCS / "events.md").read_text(encoding="utf-8")
    section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
    common = page.split("\n## ")[1]
    meaning = getdoc(event)
    assert meaning
    assert meaning in section
    for member in event.model_fields:
        assert f"| `{member}` |" in section + common


def test_every_number_of_the_policy_is_explained() -> None:
    page = (DOCS / "policy.md").read_text(encoding="utf-8")
    for section in Policy.model_fields:
        block = page.split(f"\n## {section}\n")[1].split("\n## ")[0]
        for member, field in type(getattr(Policy(), section)).model_fields.items():
            assert f"| `{member}` |" in block
            assert field.description
            assert field.description in block


def test_every_setting_is_explained() -> None:
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert f"`MENTORING_{name.upper()}`" in page
        assert field.description
        assert field.description in page


def test_every_route_is_documented_and_says_what_it_does(document: dict[str, Any]) -> None:
    page = (DOCS / "http.md").read_text(encoding="utf-8")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert f"| `{method.upper()} {path}` |" in page
            assert operation.get("description") or operation["summary"]


def test_every_query_and_every_member_of_a_body_is_documented(document: dict[str, Any]) -> None:
    page = (DOCS / "http.md").read_text(encoding="utf-8")
    queries = {
        parameter["name"]
        for methods in document["paths"].values()
        for operation in methods.values()
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query"
    }
    described = page.split("\n## Queries\n")[1].split("\n## ")[0]
    assert queries == set(re.findall(r"^\| `(\w+)` ", described, re.MULTILINE))
    bodies = {name: one for name, one in document["components"]["schemas"].items() if name.endswith("In")}
    assert bodies
    for name, schema in bodies.items():
        block = page.split(f"\n### {name}\n")[1].split("\n#")[0]
        assert set(re.findall(r"^\| `(\w+)` ", block, re.MULTILINE)) == schema["properties"].keys()


def test_every_refusal_is_documented() -> None:
    described = (DOCS / "http.md").read_text(encoding="utf-8").split("\n## Refusals\n")[1].split("\n## ")[0]
    assert {*map(str, PROBLEMS), "405"} == set(re.findall(r"^\| `(\d+)` ", described, re.MULTILINE))


@pytest.mark.parametrize("page", WRITTEN, ids=_named)
def test_every_route_that_a_page_names_exists_and_takes_what_it_is_asked(
    page: Path, document: dict[str, Any]
) -> None:
    routes = {
        re.sub(r"\{\w+\}", "{}", f"{method.upper()} {path}"): {
            parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"
        }
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    named = re.findall(
        r"\b((?:GET|POST|PUT|PATCH|DELETE)\s+/v1/[\w/{}-]*)(\?[^\s`)]*)?", page.read_text(encoding="utf-8")
    )
    for route, query in named:
        asked = re.sub(r"\{\w+\}", "{}", " ".join(route.split()))
        assert asked in routes, f"{page.name}: {route}"
        assert set(re.findall(r"[?&](\w+)", query)) <= routes[asked], f"{page.name}: {route}{query}"


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_and_each_of_its_options_is_documented(name: str) -> None:
    section = re.split(rf"\n## {re.escape(name)}\b[^\n]*\n", (DOCS / "verbs.md").read_text(encoding="utf-8"))[
        1
    ]
    block = section.split("\n## ")[0]
    command = VERBS[name]
    assert command.help
    for param in command.params:
        word = next((opt for opt in param.opts if opt.startswith("--")), (param.name or "").upper())
        assert word == "--help" or f"`{word}" in block
        assert word == "--help" or getattr(param, "help", None), f"{name} {word} says nothing about itself"


@pytest.mark.parametrize("page", WRITTEN, ids=_named)
def test_every_verb_that_a_page_names_exists_and_has_the_options_given(page: Path) -> None:
    verbs = {tuple(name.split()[1:]): command for name, command in VERBS.items()}
    for words in _typed(page.read_text(encoding="utf-8")):
        said = f"{page.name}: mentoring {' '.join(words)}"
        name = tuple(itertools.takewhile(re.compile("[a-z][a-z-]*$").match, words))
        verb = next((verbs[name[:end]] for end in range(len(name), 0, -1) if name[:end] in verbs), None)
        if verb is None:
            assert any(known[: len(name)] == name for known in verbs), said
            continue
        options = {
            "--help",
            *(option for param in verb.params for option in (*param.opts, *param.secondary_opts)),
        }
        assert {word.partition("=")[0] for word in words if word.startswith("-")} <= options, said


def _typed(text: str) -> list[list[str]]:
    """The words after `mentoring`, wherever a page types it: in a line of a shell, or within a sentence."""
    shell = "\n".join(re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    typed = re.findall(r"^\s*(?:\S*/)?mentoring ([^#\n]+)", shell, re.MULTILINE)
    typed += re.findall(r"`(?:\S*/)?mentoring ([^`]+)`", prose)
    return [words.split() for words in typed]


@pytest.mark.parametrize("page", WRITTEN, ids=_named)
def test_every_variable_that_a_page_names_is_read(page: Path) -> None:
    read = {f"MENTORING_{name.upper()}" for name in Settings.model_fields} | {
        str(param.envvar) for command in VERBS.values() for param in command.params
    }
    named = set(re.findall(r"\bMENTORING_[A-Z_]+\b", page.read_text(encoding="utf-8")))
    named -= SUBJECTS.keys()  # streams are called so, too
    assert named <= read, f"{page.name}: {named - read}"


@pytest.mark.parametrize("code", sorted({one.value for one in [*ConcernCode, *ReminderKind]}))
def test_every_concern_and_reminder_is_told_in_the_domain_page(code: str) -> None:
    assert f"| `{code}` |" in (DOCS / "domain.md").read_text(encoding="utf-8")


def test_whom_to_contact_first_is_told_in_the_order_that_holds() -> None:
    page = (DOCS / "domain.md").read_text(encoding="utf-8")
    told = page.partition("## Finding whom to contact")[2].partition("## ")[0]
    listed = "".join(line for line in told.splitlines() if re.match(r"\d\. ", line))
    assert re.findall(r"`(\w+)`", listed) == list(WHY)


@pytest.mark.parametrize("word", [*State, *Move])
def test_every_state_and_move_is_told_in_the_domain_page(word: str) -> None:
    assert word.replace("_", " ") in (DOCS / "domain.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", WRITTEN, ids=_named)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    for target, heading in re.findall(
        r"\]\(([^)#\s]*)(?:#([^)\s]*))?[^)]*\)", page.read_text(encoding="utf-8")
    ):
        if "://" in target:
            continue
        leads = page.parent / target if target else page
        assert leads.exists(), f"{page.name} links to {target}"
        if heading:
            assert heading in _anchors(leads), f"{page.name} links to {target}#{heading}"


def test_every_page_can_be_found_from_the_readme() -> None:
    found: set[Path] = set()
    looking = [ROOT / "README.md"]
    while looking:
        page = looking.pop()
        if page in found:
            continue
        found.add(page)
        targets = re.findall(r"\]\(([^)#\s]+\.md)", page.read_text(encoding="utf-8"))
        looking += [(page.parent / target).resolve() for target in targets if "://" not in target]
    assert set(WRITTEN) <= found


def _anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_decision_is_in_the_index_and_fits_a_page() -> None:
    index = (DOCS / "adr" / "README.md").read_text(encoding="utf-8")
    records = sorted((DOCS / "adr").glob("[0-9]*.md"))
    assert records
    for record in records:
        text = record.read_text(encoding="utf-8")
        assert f"]({record.name})" in index
        assert len(text.split()) <= 600, f"{record.name} is longer than a page"
        for part in ("Context", "Decision", "Consequences", "Alternatives"):
            assert f"\n## {part}\n" in text, f"{record.name} lacks its {part.lower()}"
