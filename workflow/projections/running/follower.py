"""What another process folds: told to whoever asks here, and asked to pause, resume or rebuild from here."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import asdict
from threading import Lock
from typing import Any

from workflow.errors import Conflict, MentoringError
from workflow.projections.running.loop import Loop
from workflow.projections.running.rebuilds import Rebuilt
from workflow.projections.running.runner import Runner
from workflow.projections.running.views import Views
from workflow.store.postgres.requests import Request, Requests

_SOON, _LATER = 0.02, 0.5
"""Seconds between two looks while somebody waits, and while nobody does."""

Read = Callable[[dict[str, Any]], Any]


class Follower(Loop):
    """Answers as the runner does that folds in another process; its rows are read here."""

    def __init__(self, views: Views, head: Callable[[], int], requests: Requests) -> None:
        super().__init__(views, head, poll_seconds=_LATER)
        self._requests = requests
        self._lock = Lock()
        self._asked: dict[int, tuple[Future[Any], Read]] = {}

    def step(self) -> bool:
        """Look how far the other has come, and what it has done of what it was asked."""
        self.views.refresh()
        self._checked = True
        self._answer()
        self._settle()
        self._poll_seconds = _SOON if self._readers or self._asked else _LATER
        return False

    def rebuild(self, names: Collection[str] | None = None) -> Future[list[Rebuilt]]:
        """Have projections folded anew; what came of it."""
        return self._ask(
            "rebuild", self._named(names), None, lambda told: [Rebuilt(**one) for one in told["rebuilt"]]
        )

    def _halt(self, name: str, by: str | None) -> Future[None]:
        return self._ask("resume" if by is None else "pause", self._named([name]), by, lambda _: None)

    def _ask(self, what: str, names: Collection[str], by: str | None, read: Read) -> Future[Any]:
        future: Future[Any] = Future()
        with self._lock:
            self._asked[self._requests.ask(what, names, by)] = future, read
        self.wake()
        return future

    def _answer(self) -> None:
        with self._lock:
            answers = self._requests.answers(self._asked) if self._asked else {}
            answered = [(*self._asked.pop(id), told) for id, told in answers.items()]
        for future, read, told in answered:
            if not future.set_running_or_notify_cancel():
                continue
            if "refused" in told:
                future.set_exception(Conflict(told["refused"]["detail"], code=told["refused"]["code"]))
            else:
                future.set_result(read(told))


def carry_out(runner: Runner, requests: Requests, begun: dict[int, Future[Any]]) -> None:
    """Begin what was asked, and answer what is done; ``begun`` is what this process is at."""
    for request in requests.open():
        if request.id not in begun:
            begun[request.id] = _begin(runner, request)
    for id in [id for id, future in begun.items() if future.done()]:
        requests.settle(id, _told(begun[id]))
        del begun[id]


def _begin(runner: Runner, request: Request) -> Future[Any]:
    try:
        if request.what == "rebuild":
            return runner.rebuild(request.names)
        (name,) = request.names
        return runner.resume(name) if request.by is None else runner.pause(name, request.by)
    except MentoringError as error:
        failed: Future[Any] = Future()
        failed.set_exception(error)
        return failed


def _told(future: Future[Any]) -> dict[str, Any]:
    error = future.exception()
    if isinstance(error, MentoringError):
        return {"refused": {"code": error.code, "detail": error.detail}}
    if error is not None:
        return {"refused": {"code": "not_done", "detail": f"it could not be done ({type(error).__name__})"}}
    rebuilt = future.result()
    return {"rebuilt": [asdict(one) for one in rebuilt or ()]}
