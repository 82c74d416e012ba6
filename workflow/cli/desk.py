"""Where verbs do their work: at the HTTP door of the service.

A verb speaks to the running service of its folder. Where none runs, it takes the folder for itself and
speaks to the same HTTP door inside its own process. So each verb is written once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from typing import Any

import httpx

from workflow.aggregates.commands import Actor
from workflow.cli.consoles import err
from workflow.cli.progress import Reach, metered
from workflow.errors import Conflict, Invalid, MentoringError, NotFound, Refused, Stopped, Unavailable
from workflow.folder import Address, Folder
from workflow.lifecycle import offline
from workflow.secret_files import read_secret
from workflow.settings import Settings
from workflow.web.actor import HEADER, OPERATOR, named, parse_actor
from workflow.web.api import create_app
from workflow.web.forms import BATCHED

_PATIENCE = 3600
"""Seconds for an answer: a proof over a large folder takes its time."""

_AGAIN = 0.2
"""Seconds between two looks at how far something is."""

NOT_NAMED = (
    "MENTORING_API does not say where the service answers: set it to the address of an `api`, such as "
    "http://127.0.0.1:8080; `mentoring doctor` tells which processes are at work"
)
"""Said over databases, where no folder tells of a service: who has not named one does not know whether any runs."""


class Desk:
    """The HTTP door, wherever it is: every answer is JSON, every refusal one of our errors."""

    def __init__(
        self, client: httpx.AsyncClient, *, running: bool, unfinished: Stopped | None = None
    ) -> None:
        self._client = client
        self.running = running
        self._unfinished = unfinished

    async def get(self, path: str, **query: object) -> Any:
        """Read."""
        return await self._ask("GET", path, query)

    async def get_as(self, path: str, by: str | None, **query: object) -> Any:
        """Read what is not for everybody; ``by`` names who does, in the form of the header."""
        actor = OPERATOR if by is None else _named(by)
        return await self._ask("GET", path, query, {HEADER: named(actor)})

    async def post(self, path: str, by: str | None, body: object = None, **query: object) -> Any:
        """Write; ``by`` names who acts, in the form of the header."""
        actor = OPERATOR if by is None else _named(by)
        return await self._ask("POST", path, query, {HEADER: named(actor)}, body)

    async def publish(self, bodies: Sequence[bytes]) -> list[int]:
        """Have events stored as they are; the sequences that the broker gave them, in their order."""
        headers = {"Content-Type": BATCHED}
        batch = b"[%b]" % b",".join(bodies)
        told = await self._ask("POST", "/v1/events", {}, headers, content=batch)
        sequences: list[int] = told["sequences"]
        return sequences

    async def _ask(
        self,
        method: str,
        path: str,
        query: dict[str, object],
        headers: dict[str, str] | None = None,
        body: object = None,
        content: bytes | None = None,
    ) -> Any:
        given = {
            name: [str(one) for one in value] if isinstance(value, list) else str(value)
            for name, value in query.items()
            if value is not None
        }
        try:
            answer = await self._client.request(
                method, path, params=given, headers=headers, json=body, content=content
            )
        except httpx.HTTPError as error:
            gone = isinstance(error, httpx.ConnectError | httpx.RemoteProtocolError | httpx.ReadError)
            said = "it has probably stopped" if gone else type(error).__name__
            where = shown(self._client.base_url)
            raise Unavailable(f"the service does not answer at {where}: {said}") from error
        try:
            told = answer.json()
        except ValueError:
            told = None
        if told is None or (answer.is_error and not isinstance(told, dict)):
            raise self._not_the_service(answer)
        if answer.is_error:
            raise _error_of(answer.status_code, told)
        if method == "GET":
            self._say_if_half()
        return told

    def _not_the_service(self, answer: httpx.Response) -> MentoringError:
        """Whoever answers in between may soon let us through; a wrong address stays wrong, and is not tried again."""
        kind = Unavailable if answer.is_server_error else Invalid
        return kind(
            f"what answers at {shown(self._client.base_url)} is not the service, but perhaps something in between: "
            f"it said {answer.status_code}, and nothing that the service says",
            code="not_the_service",
        )

    def _say_if_half(self) -> None:
        """Say once that what is read is of a log of which not all is here."""
        if self._unfinished is not None:
            said = f"mentoring: {self._unfinished.detail}; this is told by what is here"
            err.print(said, markup=False, soft_wrap=True)
            self._unfinished = None


def shown(address: httpx.URL) -> httpx.URL:
    """What may be shown of where a service answers."""
    return address.copy_with(userinfo=b"", query=None)


def _named(by: str) -> Actor:
    try:
        return parse_actor(by)
    except Invalid as error:
        raise Invalid(
            "--actor has the form `<role> <person id>`: one of mentor, mentee, coordinator and service, a space, "
            "and a UUID",
            code=error.code,
        ) from None


def _error_of(status: int, problem: dict[str, Any]) -> MentoringError:
    code, detail = str(problem.get("code", "error")), str(problem.get("detail", "the service said no"))
    if problem.get("faults"):
        detail += ": " + "; ".join(f"{fault['where']}: {fault['what']}" for fault in problem["faults"])
    if status == 401:
        detail += "; name the file that holds it in MENTORING_TOKEN_FILE"
    if status == 409 and "possible" in problem:
        return Refused(detail, code=code, possible=tuple(problem["possible"]))
    kinds: dict[int, type[MentoringError]] = {404: NotFound, 409: Conflict, 503: Unavailable}
    return kinds.get(status, Invalid)(detail, code=code)


@asynccontextmanager
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    """The folder itself, or the running service that holds it.

    The folder's lock tells which, and never the address alone: a service that was killed leaves its address
    behind, and another service, of another folder, may answer there by now.
    """
    folder = Folder(settings.data)
    if settings.api is not None:
        async with _client(settings, settings.api) as client:
            yield Desk(client, running=True)
        return
    if settings.database is None and not folder.begun():
        raise folder.nothing_kept()
    async with AsyncExitStack() as stack:
        try:
            if settings.database is not None and folder.address() is not None and folder.held():
                raise Conflict("a service runs on the folder", code="folder_in_use")
            with _meter_if_long("folding") as heed:
                service = await stack.enter_async_context(offline(settings, begun=True, heed=heed))
        except Conflict as conflict:
            if conflict.code != "folder_in_use" or (address := folder.address()) is None:
                raise
            client = httpx.AsyncClient(base_url=address.http, timeout=_PATIENCE, trust_env=False)
            await stack.enter_async_context(client)
            if not await _is(client, address):
                raise
            _show_token(client, settings)
            running, unfinished = True, None
        else:
            transport = httpx.ASGITransport(create_app(service))
            client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=_PATIENCE)
            await stack.enter_async_context(client)
            _show_token(client, settings)  # the same door, which demands it of us, too
            running, unfinished = False, service.store.unfinished()
        yield Desk(client, running=running, unfinished=unfinished)


@asynccontextmanager
async def _client(settings: Settings, address: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service that the settings name."""
    async with httpx.AsyncClient(base_url=address, timeout=_PATIENCE, trust_env=False) as client:
        _show_token(client, settings)
        yield client


def _show_token(client: httpx.AsyncClient, settings: Settings) -> None:
    if settings.token_file is not None:
        token = read_secret(settings.token_file, "bearer token")
        client.headers["Authorization"] = f"Bearer {token}"


@contextmanager
def _meter_if_long(doing: str) -> Iterator[Callable[[int, int], None]]:
    """A bar from the first time on that there is anything to tell."""
    with ExitStack() as bar:
        reach: list[Reach] = []

        def heed(done: int, total: int) -> None:
            if not reach:
                reach.append(bar.enter_context(metered(doing)))
            reach[0](done, total)

        yield heed


async def _is(client: httpx.AsyncClient, address: Address) -> bool:
    """Whether the very service answers that announced the address; it is asked before it is told a secret."""
    try:
        told = (await client.get("/v1/health", timeout=5)).json()
    except (httpx.HTTPError, ValueError):
        return False
    return isinstance(told, dict) and told.get("instance") == str(address.instance)


async def watched(
    at: Desk, doing: Coroutine[Any, Any, Any], reached: Callable[[dict[str, Any]], int | None]
) -> Any:
    """What ``doing`` comes to; meanwhile the bar follows what ``reached`` finds in how the projections stand."""
    if not err.is_terminal:
        return await doing
    task = asyncio.create_task(doing)
    try:
        with metered("folding") as reach:
            while not (await asyncio.wait({task}, timeout=_AGAIN))[0]:
                with suppress(MentoringError):  # how far it is does not matter to what it comes to
                    status = await at.get("/v1/projections")
                    reach(reached(status) or 0, status["head"])
        return await task
    finally:
        task.cancel()
        await asyncio.wait({task})
