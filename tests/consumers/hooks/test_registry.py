"""Which hooks there are, other packages' too, and where their secrets lie."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.consumers.hooks.installing import MODULE, install
from tests.consumers.hooks.sending import OURS, ZONE, told
from workflow.consumers.hooks.hook import Hook, Sent
from workflow.consumers.hooks.registry import installed
from workflow.consumers.hooks.taking import Untranslated, taken
from workflow.consumers.meetings.reasons import REASONS
from workflow.errors import Invalid
from workflow.settings import Settings


def test_without_other_packages_there_are_ours() -> None:
    assert installed() == OURS
    assert set(OURS) == {"icalendar", "calcom", "calendly"}


def test_another_package_brings_its_hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "tiny = tiny_hook:HOOK")
    monkeypatch.syspath_prepend(tmp_path)
    hooks = installed()
    assert set(hooks) == {*OURS, "tiny"}
    (event,) = told(hooks["tiny"], Sent("text/plain", b"ada@example.org grace@example.org"))
    assert event["source"] == "/hooks/tiny"
    assert event["data"]["parties"] == ["email:ada@example.org", "email:grace@example.org"]


def test_no_verb_loads_what_reads_calendars() -> None:
    code = "import sys, workflow.cli.main; sys.exit('icalendar' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("translation", "reason"),
    [
        ("raise Untranslatable('their own code')", "unnamed"),
        ("raise Untranslatable('a\\r\\nHeader: b')", "unnamed"),
        ("raise Untranslatable('their_own.code')", "their_own.code"),
        ("return Told(({'data': object()},))", "failed"),
        ("return None", "failed"),
        ("return Told(({},))", "member_missing:type"),
    ],
)
def test_whatever_another_packages_hook_does_it_is_kept_in_bounds(translation: str, reason: str) -> None:
    names: dict[str, Any] = {}
    body = f"from workflow.consumers.hooks.hook import Told, Untranslatable\ndef translate(*_):\n {translation}\n"
    exec(body, names)
    hook = Hook("tiny", OURS["calcom"].check, names["translate"])
    assert taken(hook, Sent("", b""), ZONE) == Untranslated(reason)


@pytest.mark.parametrize(
    ("points", "module"),
    [
        ("calcom = {0}:HOOK", MODULE),
        ("Not.A.Name = {0}:HOOK", MODULE),
        ("other = {0}:HOOK", MODULE),
        ("tiny = {0}:NOTHING", MODULE),
        ("tiny = {0}:HOOK", "HOOK = 7"),
        ("tiny = {0}:HOOK", "raise RuntimeError('secret words')"),
        ("tiny = no_such_module:HOOK", MODULE),
    ],
)
def test_one_that_is_none_keeps_the_service_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, points: str, module: str
) -> None:
    name = f"tiny_hook_{abs(hash(request.node.name))}"
    install(tmp_path, points.format(name), module, name)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(Invalid) as refused:
        installed()
    assert refused.value.code == "hook_unfit"
    assert "package" in refused.value.detail
    assert "secret words" not in refused.value.detail


def test_every_reason_of_ours_is_explained() -> None:
    root = Path(__file__).parents[3]
    page = (root / "docs" / "hooks.md").read_text("utf-8")
    told = set(
        re.findall(r"^\| `(\w+)` \|", page.split("## Why it could not be translated")[1], re.MULTILINE)
    )
    code = "".join(one.read_text("utf-8") for one in (root / "workflow/consumers/hooks").glob("*.py"))
    raised = set(re.findall(r'Untransla(?:table|ted)\(f?"(\w+)', code))
    assert raised - set(REASONS) == told


# --- secrets ----------------------------------------------------------------------------------------------


def secret(folder: Path, name: str, text: str = "sixteen-letters-or-more\n", mode: int = 0o600) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, "utf-8")
    (folder / name).chmod(mode)


def secrets_of(folder: Path | None) -> dict[str, str]:
    return Settings(hook_secrets=folder).secrets_of_hooks(OURS)


def test_without_a_folder_every_hook_is_closed() -> None:
    assert secrets_of(None) == {}


def test_a_provider_is_open_that_has_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    secret(folder, "calcom")
    (folder / "..data").mkdir()  # as container runtimes mount secrets
    assert secrets_of(folder) == {"calcom": "sixteen-letters-or-more"}


def test_a_slip_is_refused_before_anything_starts(tmp_path: Path) -> None:
    cases = [
        ("cal.com", {}, "hook_unknown"),
        ("calcom", {"text": "short"}, "secret_weak"),
        ("calcom", {"mode": 0o644}, "secret_exposed"),
    ]
    for number, (name, more, code) in enumerate(cases):
        folder = tmp_path / str(number)
        secret(folder, name, **more)  # type: ignore[arg-type] # a text or a mode
        with pytest.raises(Invalid) as refused:
            secrets_of(folder)
        assert refused.value.code == code
    with pytest.raises(Invalid) as refused:
        secrets_of(tmp_path / "nowhere")
    assert refused.value.code == "secret_unreadable"
