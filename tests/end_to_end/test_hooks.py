"""Hooks against the whole service: what a provider sends becomes the relationship's meetings."""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import re
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.consumers.hooks.installing import install
from tests.consumers.hooks.sending import file
from tests.end_to_end.service import OPERATOR, PATIENCE, Request, Up
from workflow.consumers.hooks.hook import Sent

SECRET = "the-secret-of-every-hook"
COORDINATOR = "coordinator cccccccc-0000-4000-8000-000000000003"
PARTIES = [
    {"role": role, "identities": [identity]}
    for role, identity in (("mentor", "email:ada@example.org"), ("mentee", "email:grace@example.org"))
]
NOW = "2026-03-06T00:00:00+00:00"
"""By then all that is told has been written."""


def secrets(folder: Path) -> Path:
    folder.mkdir()
    for provider in ("icalendar", "calcom", "calendly"):
        (folder / provider).write_text(SECRET, "utf-8")
        (folder / provider).chmod(0o600)
    return folder


def signed(signed: bytes) -> str:
    return hmac.new(SECRET.encode(), signed, sha256).hexdigest()


async def send(up: Up, provider: str, sent: Sent) -> dict[str, Any]:
    """Send it as the provider does, at the service's own time."""
    headers = {"content-type": sent.content_type}
    if provider == "calcom":
        headers["X-Cal-Signature-256"] = signed(sent.body)
    else:
        seconds = int(datetime.now(UTC).timestamp())
        name = "Calendly-Webhook-Signature" if provider == "calendly" else "Mentoring-Signature"
        headers[name] = f"t={seconds},v1={signed(f'{seconds}.'.encode() + sent.body)}"
    answer = await up.http.post(f"/v1/hooks/{provider}", content=sent.body, headers=headers)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_what_providers_send_becomes_the_relationships_meetings(tmp_path: Path) -> None:
    options = ("--nats-port", "0", "--hook-secrets", str(secrets(tmp_path / "secrets")))
    async with asyncio.timeout(PATIENCE), Up(tmp_path / "data", *options) as up:
        opened = await up.ask(Request("POST", "/v1/relationships", COORDINATOR, {"parties": PARTIES}))
        relationship = opened["relationship_id"]
        await up.ask(Request("POST", "/v1/clock", OPERATOR["Mentoring-Actor"], {"to": NOW}))
        last = 0
        for provider, name in (
            ("icalendar", "forwarded.eml"),
            ("icalendar", "forwarded.eml"),
            ("icalendar", "google_occurrence_moved.ics"),
            ("icalendar", "outlook_single.ics"),
            ("calcom", "rescheduled.json"),
            ("calcom", "created.json"),
            ("calcom", "ended.json"),
        ):
            told = await send(up, provider, file(provider, name))
            assert told["untranslated"] is None
            last = max([last, *told["sequences"]])
        counts = await up.taken_in(last)
        became = {name: counts[name] for name in ("applied", "stale", "duplicate", "waiting", "parked")}
        assert became == {"applied": 8, "stale": 1, "duplicate": 5, "waiting": 0, "parked": 0}
        meetings = await up.read(f"/v1/relationships/{relationship}/meetings")
        starts = sorted((one["starts_at"][:16], one["outcome"]) for one in meetings["meetings"])
        assert [start for start, _ in starts] == [
            "2026-02-03T13:00", "2026-02-05T13:00", "2026-03-03T13:00", "2026-03-11T13:00", "2026-03-24T13:00",
            "2026-03-31T12:00", "2026-04-07T12:00",
        ]  # fmt: skip
        assert "cancelled" not in {outcome for _, outcome in starts}


async def test_the_page_shows_how_each_provider_signs(tmp_path: Path) -> None:
    """Its commands with curl and openssl, as they stand there, against a service on the real clock."""
    page = (Path(__file__).parents[2] / "docs" / "hooks.md").read_text("utf-8")
    opening, *examples = re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert "mentoring up --hook-secrets hook-secrets" in opening
    assert len(examples) == 3
    secrets(tmp_path / "hook-secrets")
    for name, (provider, sent) in {
        "invitation.eml": ("icalendar", "forwarded.eml"),
        "booking.json": ("calcom", "created.json"),
        "invitee.json": ("calendly", "created.json"),
    }.items():
        (tmp_path / name).write_bytes(file(provider, sent).body)
    options = ("--nats-port", "0", "--clock", "real", "--hook-secrets", str(tmp_path / "hook-secrets"))
    async with asyncio.timeout(PATIENCE), Up(tmp_path / "data", *options) as up:
        for example in examples:
            script = example.replace("http://127.0.0.1:8080", str(up.http.base_url).rstrip("/"))
            done = await asyncio.create_subprocess_exec(
                "bash",
                "-euc",
                script,
                cwd=tmp_path,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            told, _ = await done.communicate()
            assert json.loads(told)["sequences"], told


async def test_what_cannot_be_translated_ends_parked(tmp_path: Path) -> None:
    options = ("--nats-port", "0", "--hook-secrets", str(secrets(tmp_path / "secrets")))
    async with asyncio.timeout(PATIENCE), Up(tmp_path / "data", *options) as up:
        told = await send(up, "calcom", Sent("application/json", b'{"title": "a template of their own"}'))
        assert told["untranslated"]
        counts = await up.taken_in(told["sequences"][0])
        assert (counts["received"], counts["parked"]) == (1, 1)
        (parked,) = (await up.read("/v1/parked"))["parked"]
        assert parked["reason"] == "untranslated:payload_unfit:triggerEvent"
        answer = await up.http.post(f"/v1/parked/{parked['number']}/retry", headers=OPERATOR)
        assert answer.json()["disposition"] == "parked"


ENDLESS = """
    import time
    from workflow.consumers.hooks.hook import Hook
    from workflow.consumers.hooks.signatures import over_body

    def translate(sent, zone):
        open(sent.body, "w").close()  # a pipe, whose other end waits for it
        while True:
            time.sleep(1)

    HOOK = Hook("endless", over_body("X-Endless"), translate)
"""


async def test_a_translation_without_end_keeps_no_service_from_stopping(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    install(packages, "endless = endless_hook:HOOK", ENDLESS, "endless_hook")
    folder = secrets(tmp_path / "secrets")
    (folder / "endless").write_text(SECRET, "utf-8")
    (folder / "endless").chmod(0o600)
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    body = str(begun).encode()
    options = ("--nats-port", "0", "--hook-secrets", str(folder))
    more = {"MENTORING_HOOK_SECONDS": "300"}
    async with asyncio.timeout(PATIENCE), Up(tmp_path / "data", *options, packages=packages, more=more) as up:
        sending = asyncio.create_task(
            up.http.post("/v1/hooks/endless", content=body, headers={"X-Endless": signed(body)})
        )
        await asyncio.to_thread(begun.read_text)
        up.stop()
        answer = await sending
        assert (answer.status_code, answer.json()["code"]) == (503, "stopping")
        assert await up.gone() == 0
