"""Translations run in processes of their own: warm ones, and none that runs over its time holds up anything."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from tests.consumers.hooks.installing import install
from tests.consumers.hooks.sending import OURS, ZONE, file, told
from workflow.consumers.hooks.hook import Nothing, Sent
from workflow.consumers.hooks.taking import Untranslated, taken
from workflow.consumers.hooks.translators import MOST_WAITING, Translators
from workflow.errors import Unavailable

ODD = """
    import os, sys, time
    from workflow.consumers.hooks.hook import Hook, Nothing
    from workflow.consumers.hooks.signatures import over_body

    def translate(sent, zone):
        match sent.body:
            case b"never":
                while True:
                    pass
            case b"deaf":
                open(sent.content_type, "w").close()  # a pipe, whose other end waits for it
                time.sleep(1000)
            case b"say":
                os.write(2, b"secret words" * 100_000)
                os._exit(3)
            case b"end":
                os._exit(3)
            case b"fill":
                return Nothing(str(len(bytes(2 * 1024**3))))
            case b"much":
                return Nothing("x" * 17 * 1024**2)
            case b"print":
                print("words" * 100000, flush=True)
                os.write(1, b"more words")
                return Nothing(sys.stdin.read() + "said")
        return Nothing(str(os.getpid()))

    HOOK = Hook("odd", over_body("X-Odd"), translate)
"""

PLENTY = 120.0
"""Seconds that no translation here comes near to."""

Making = Callable[[float], AbstractAsyncContextManager[Translators]]


@pytest.fixture
def making(tmp_path: Path) -> Making:
    """Translators that know one more hook, which does as it is told."""
    install(tmp_path, "odd = odd_hook:HOOK", ODD, "odd_hook")
    begin = f"import sys; sys.path.insert(0, {str(tmp_path)!r})"
    command = (
        sys.executable,
        "-c",
        f"{begin}; from workflow.consumers.hooks.translating import main; main()",
    )

    @asynccontextmanager
    async def make(seconds: float) -> AsyncIterator[Translators]:
        translators = Translators(ZONE.key, seconds, command)
        try:
            yield translators
        finally:
            await translators.close()

    return make


async def odd(translators: Translators, body: str) -> object:
    return await translators.translate("odd", Sent("text/plain", body.encode()))


async def pid(translators: Translators) -> int:
    found = await odd(translators, "who")
    assert isinstance(found, Nothing), found
    return int(found.why)


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "begun")
    return folder / "begun"


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_process_comes_to_what_the_adapter_comes_to() -> None:
    translators = Translators(ZONE.key, PLENTY)
    for provider, name in (
        ("icalendar", "forwarded.eml"),
        ("calcom", "created.json"),
        ("calcom", "ended.json"),
    ):
        sent = file(provider, name)
        assert await translators.translate(provider, sent) == taken(OURS[provider], sent, ZONE)
    odd = Sent("text/html; charset=ä", b"\xff\x00")
    assert await translators.translate("icalendar", odd) == Untranslated("media_type_unknown")
    await translators.close()
    assert len(told("icalendar", file("icalendar", "forwarded.eml"))) == 5


async def test_one_process_translates_all_that_a_provider_sends_and_ends_with_us(making: Making) -> None:
    async with making(PLENTY) as translators:
        first = await pid(translators)
        assert [await pid(translators) for _ in range(3)] == [first] * 3
        assert await odd(translators, "print") == Nothing("said")
        assert await pid(translators) == first
    assert not lives(first)


async def test_what_never_ends_is_ended_counted_and_said_to_have_failed(
    making: Making, caplog: pytest.LogCaptureFixture
) -> None:
    async with making(0.5) as translators:
        first = await pid(translators)
        with caplog.at_level(logging.ERROR):
            assert await odd(translators, "never") == Untranslated("failed")
        assert not lives(first)
        assert translators.ran_over == 1
        assert "the hook odd took more than 0.5 s" in caplog.text
        assert await pid(translators) != first


async def test_while_one_never_ends_other_providers_are_translated(making: Making) -> None:
    async with making(PLENTY) as translators:
        endless = asyncio.create_task(odd(translators, "never"))
        sent = file("calcom", "created.json")
        assert isinstance(await translators.translate("calcom", sent), tuple)
        assert not endless.done()
        endless.cancel()


async def test_so_many_of_one_provider_wait_and_no_more(making: Making) -> None:
    async with making(PLENTY) as translators:
        endless = [asyncio.create_task(odd(translators, "never")) for _ in range(MOST_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable) as refused:
            await odd(translators, "who")
        assert refused.value.code == "busy"
        assert isinstance(await translators.translate("calcom", file("calcom", "created.json")), tuple)
        for one in endless:
            one.cancel()
        await asyncio.wait(endless)
        assert await pid(translators)


@pytest.mark.parametrize(("body", "reason"), [("end", "failed"), ("fill", "failed"), ("much", "too_much")])
async def test_what_ends_its_process_or_fills_it_fails_alone(making: Making, body: str, reason: str) -> None:
    async with making(PLENTY) as translators:
        assert await odd(translators, body) == Untranslated(reason)
        assert await pid(translators)
        assert translators.ran_over == 0


async def test_a_process_that_ended_while_it_was_idle_costs_no_message(making: Making) -> None:
    async with making(PLENTY) as translators:
        first = await pid(translators)
        process = translators._ready["odd"]._process
        process.kill()
        await process.wait()
        assert await pid(translators) != first


async def test_closing_waits_for_none_that_never_ends_and_tells_who_waits(
    making: Making, tmp_path: Path
) -> None:
    begun = pipe(tmp_path)
    async with making(PLENTY) as translators:
        deaf = asyncio.create_task(translators.translate("odd", Sent(str(begun), b"deaf")))
        behind = asyncio.create_task(odd(translators, "who"))
        await asyncio.to_thread(begun.read_text)
        await translators.close()
        for one in (deaf, behind, asyncio.create_task(odd(translators, "who"))):
            with pytest.raises(Unavailable) as refused:
                await one
            assert refused.value.code == "stopping"


async def test_whoever_gives_up_takes_the_process_along(making: Making, tmp_path: Path) -> None:
    begun = pipe(tmp_path)
    async with making(PLENTY) as translators:
        first = await pid(translators)
        deaf = asyncio.create_task(translators.translate("odd", Sent(str(begun), b"deaf")))
        await asyncio.to_thread(begun.read_text)
        deaf.cancel()
        with pytest.raises(asyncio.CancelledError):
            await deaf
        assert not lives(first)
        assert await pid(translators) != first


NOT_YET = """
import os, sys
from workflow.consumers.hooks.translating import main
if not os.path.exists({there!r}):
    print("first line\\n" + "x" * 100_000 + "\\nno such module: odd", file=sys.stderr)
    sys.exit(1)
main()
"""


async def test_where_none_starts_it_is_to_be_sent_again_and_all_troubles_are_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    translators = Translators(ZONE.key, PLENTY, ("/bin/false",))
    for provider, name in (
        ("calcom", "created.json"),
        ("icalendar", "forwarded.eml"),
        ("calcom", "ended.json"),
    ):
        with pytest.raises(Unavailable, match="send it again") as refused:
            await translators.translate(provider, file(provider, name))
        assert refused.value.code == "busy"
    assert translators.troubles == (
        "the process that translates calcom does not start (Broken)",
        "the process that translates icalendar does not start (Broken)",
    )
    assert caplog.text.count("calcom does not start (Broken): it said nothing") == 1
    await translators.close()


async def test_a_program_that_is_missing_is_told() -> None:
    translators = Translators(ZONE.key, PLENTY, ("/no/such/program",))
    with pytest.raises(Unavailable):
        await translators.translate("calcom", file("calcom", "created.json"))
    assert translators.troubles == ("the process that translates calcom does not start (FileNotFoundError)",)
    await translators.close()


async def test_one_that_did_not_start_is_tried_again_by_itself_and_the_log_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    there = tmp_path / "there"
    command = (sys.executable, "-c", NOT_YET.format(there=str(there)))
    translators = Translators(ZONE.key, PLENTY, command, shortest_pause=0.01)
    sent = file("calcom", "created.json")
    with pytest.raises(Unavailable):
        await translators.translate("calcom", sent)
    assert "no such module: odd" in caplog.text
    assert "first line" not in caplog.text, "the last of it is told"
    there.touch()
    await translators._mending["calcom"]
    assert translators.troubles == ()
    assert isinstance(await translators.translate("calcom", sent), tuple)
    await translators.close()


async def test_it_is_tried_again_after_pauses_that_double_up_to_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def at_once(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 9:
            raise asyncio.CancelledError
        await sleep(0)

    monkeypatch.setattr("workflow.consumers.hooks.translators.asyncio.sleep", at_once)
    translators = Translators(ZONE.key, PLENTY, ("/no/such/program",))
    with pytest.raises(Unavailable):
        await translators.translate("calcom", file("calcom", "created.json"))
    await asyncio.wait({translators._mending["calcom"]})
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    await translators.close()


async def test_what_a_hook_says_while_it_translates_is_in_no_log(
    making: Making, caplog: pytest.LogCaptureFixture
) -> None:
    async with making(PLENTY) as translators:
        assert await odd(translators, "say") == Untranslated("failed")
        assert await pid(translators)
    assert "secret words" not in caplog.text


async def test_one_that_nobody_could_end_ends_by_itself(making: Making) -> None:
    """As where the service was killed meanwhile."""
    async with making(0.2) as translators:
        await pid(translators)
        translators._seconds = PLENTY  # so long do we wait; the process knows of the shorter time
        assert await odd(translators, "never") == Untranslated("failed")
        assert translators.ran_over == 0
