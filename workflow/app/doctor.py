"""All that is worth knowing before somebody is called: of a service that runs, or of what is left of one."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from workflow.app import named_files
from workflow.app.beginning import installed_version
from workflow.app.elsewhere import seen
from workflow.app.keeping import Keeping
from workflow.app.looking import looked_at
from workflow.clocks import RealClock
from workflow.consumers.transport import examined as broker
from workflow.diagnosis import Check, Finding, Shut, ok, trouble, warning
from workflow.errors import MentoringError
from workflow.folder import Folder
from workflow.projections import examined as views
from workflow.projections.catalogue import PROJECTIONS
from workflow.secret_files import read_secret
from workflow.settings import Settings
from workflow.store import examined as store
from workflow.store.postgres.board import notices_within

Heed = Callable[[str, int, int | None], None]
"""Told what is being looked at, how far, and of how much; what it raises ends the look."""

_LIBRARIES = ("eventsourcing", "pydantic", "cryptography", "faststream", "nats-py", "sqlalchemy", "fastapi")
_LEAST, _LITTLE = 256 * 1024**2, 2 * 1024**3
_PATIENCE = 5
_OWN = "run this as the service's own user, on a folder that nobody else may write to (chmod 700)"
_NOBODY_ELSE = {"keys.db", "master.key", "events.db", "views.db", "nats.token", "service.json"}


class Doctor:
    """Looks at what one service keeps, and changes nothing in it. ``Invalid`` where a database's name cannot be read.

    Where the settings do not ``fit``, the files that others of them name are not looked at.
    """

    def __init__(self, settings: Settings, *, fit: bool = True) -> None:
        self._settings = settings
        self._fit = fit
        self._folder = Folder(settings.data)
        self._master_key = settings.master_key_file or self._folder.master_key
        self._shared = settings.database is not None
        self._kept = looked_at(settings, self._folder)
        self._told: set[str] = set()
        """What was said by now."""
        self._shut: set[str] = set()
        """What nothing else can be said of, nor of what lies there."""

    def look(self, heed: Heed) -> Iterator[Finding]:
        """Everything, one after the other, whatever became of the one before."""
        kept, now = self._kept, RealClock().now()
        settings = [
            Check("settings", lambda: named_files.tokens(self._settings), named_files.MEND),
            Check("hooks", lambda: named_files.hooks(self._settings), named_files.MEND),
        ]
        checks = [
            *(settings if self._fit else ()),
            Check("versions", _versions),
            *self._kept.software(),
            Check("nats-server", broker.binary if self._settings.nats is None else list),
            *([] if self._shared else [Check("folder", self._places), Check("disk", self._room)]),
            *kept.places(),
            Check("master key", lambda: store.keys(kept.keys, self._master_key), kept.restore),
            Check(
                "log", lambda: store.log(kept.facts, now, partial(heed, "log"), kept.restore), kept.restore
            ),
            Check("import", lambda: store.unfinished(kept.facts), kept.restore),
            Check("receipts", lambda: store.ledger(kept.facts, kept.restore), kept.restore),
            Check(
                "projections",
                lambda: views.standing(kept.views, PROJECTIONS, store.head(kept.facts, kept.failures)),
                kept.anew,
            ),
            Check("processes", lambda: seen(notices_within(kept.facts)))
            if self._shared
            else Check("service", self._service),
            Check("broker", self._broker),
        ]
        for number, check in enumerate(checks):
            heed(check.about, number, len(checks))
            if kept.needs.get(check.about, frozenset()) & self._shut:
                continue  # nothing can be said of it, and nothing is to be thrown away for that
            found = check.found()
            self._told |= {one.said for one in found}
            yield from found
            if any(isinstance(one, Shut) for one in found):
                self._shut.add(check.about)

    def _places(self) -> Iterator[Finding]:
        path, well = self._folder.path, True
        if not path.is_dir():
            todo = f"name another with --data, or begin there: `mentoring up --data {path}`"
            yield trouble("folder", f"there is no folder {path}", todo)
            return
        if not self._folder.begun():
            yield trouble(
                "folder", self._folder.nothing_kept().detail, "is it the right one? Name it with --data"
            )
        for found in (path, *sorted(one for one in path.iterdir() if one.name.split("-")[0] in _NOBODY_ELSE)):
            try:
                mode, owner = found.stat().st_mode, found.stat().st_uid
            except OSError:  # as where a link leads nowhere
                well = False
                yield trouble(
                    "folder",
                    f"{found} leads to nothing that can be looked at",
                    "put back what it leads to, or remove the link",
                )
                continue
            if owner != os.geteuid() and os.geteuid() != 0:
                well = False
                yield trouble(
                    "folder", f"{found} belongs to another user", "run this as the service's own user"
                )
            elif mode & 0o022:
                well = False
                yield trouble("folder", f"others may write to {found}", f"chmod go-rwx {found}")
            elif mode & 0o044:
                well = False
                yield warning("folder", f"others may read {found}", f"chmod go-rwx {found}")
        try:
            Keeping(self._settings, self._folder).refuse_what_is_not_whole()
        except MentoringError as error:
            yield trouble(
                "folder", error.detail, "see `keys.db` or `events.db` *is missing* in docs/operate.md"
            )
            return
        if well:
            yield ok("folder", f"{path} is its owner's alone, and whole")

    def _room(self) -> Iterator[Finding]:
        path = next(one for one in (self._folder.path, *self._folder.path.absolute().parents) if one.exists())
        free = shutil.disk_usage(path).free
        said = f"{free / 1024**3:.1f} GiB are free on {path}"
        if free < _LEAST:
            yield trouble("disk", said, "make room: nothing more is taken in once it is full")
        elif free < max(_LITTLE, _size(self._folder.views)):
            yield warning("disk", said, "make room: a rebuild needs as much as views.db has")
        else:
            yield ok("disk", said)

    def _service(self) -> Iterator[Finding]:
        address = self._folder.address()
        if not self._folder.held():
            left = "" if address is None else ", and the last one was killed"
            yield ok("service", f"none runs on this folder{left}")
            return
        if not self._folder.ours_alone():
            yield warning(
                "service",
                "a process holds the folder, which is not yours alone: whatever address stands there is not asked",
                _OWN,
            )
            return
        todo = "look at its log; if it says nothing, stop it and start it anew"
        if address is None:
            yield warning(
                "service",
                "a process holds the folder and tells no address: it starts, or a verb is at work",
                todo,
            )
            return
        try:
            with _without_proxy.open(f"{address.http}/v1/health", timeout=_PATIENCE) as answer:
                told = json.load(answer)
        except urllib.error.HTTPError as error:  # 503 is how it says that something is wrong
            told = json.load(error)
        except (OSError, ValueError):
            yield trouble("service", f"it holds the folder and does not answer at {address.http}", todo)
            return
        if told.get("instance") != str(address.instance):
            yield trouble("service", f"another service answers at {address.http}", todo)
            return
        troubles = [one for one in map(str, told["troubles"]) if not self._is_told(one)]
        for one in troubles:
            yield trouble("service", one, "see *When something is not well* in docs/operate.md")
        if not troubles:
            but = ", but for what is told above" if told["troubles"] else ""
            yield ok("service", f"version {told['version']} answers at {address.http}, and is well{but}")

    def _is_told(self, trouble: str) -> bool:
        """Whether the projections tell of it already, as what an operator's own pause is: no trouble.

        They say by whom, which health tells nobody.
        """
        name, by_hand, _ = trouble.removeprefix("projection ").partition(" was paused by ")
        return bool(by_hand) and any(one.startswith(f"{name}{by_hand}") for one in self._told)

    def _broker(self) -> Iterator[Finding]:
        settings, held = self._settings, self._folder.held()
        if held and not self._folder.ours_alone():
            yield warning(
                "broker", "the folder is not yours alone: no broker that is named there is asked", _OWN
            )
            return
        running = self._folder.address() if held else None
        url = running.nats if running is not None else settings.nats
        if url is None:
            yield ok("broker", "its own server starts and stops with the service")
            return
        file = settings.nats_token_file
        if file is None and running is not None and running.nats_token_file is not None:
            if running.nats_token_file != str(Folder(Path(running.data)).nats_token):
                yield warning(
                    "broker",
                    "it demands a token whose file these settings do not name, so that it is not asked",
                    "name the file that the service was started with in MENTORING_NATS_TOKEN_FILE",
                )
                return
            file = self._folder.nats_token
        token = None if file is None else read_secret(file, "token of the NATS server")
        rests_on = self._kept.needs.get("receipts", frozenset())
        taken_in = None if rests_on & self._shut else store.positions(self._kept.facts, self._kept.failures)
        yield from asyncio.run(broker.stream(url, token, taken_in))


def installed() -> Iterator[Finding]:
    """What can be looked at where it is not known where anything is kept."""
    for check in (Check("versions", _versions), Check("nats-server", broker.binary)):
        yield from check.found()


def unreadable(error: MentoringError) -> Finding:
    """The settings themselves do not fit; all else is looked at with those that hold otherwise."""
    return trouble("settings", error.detail, "mend them: neither the service nor any verb starts so")


_without_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _versions() -> Iterator[Finding]:
    found = []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            yield trouble("versions", f"{name} is not installed", "install the service anew")
    pinned = [one for one in _required() if one.startswith("eventsourcing==")]
    if pinned and pinned[0] != f"eventsourcing=={version('eventsourcing')}":
        yield trouble(
            "versions",
            f"eventsourcing {version('eventsourcing')} is not the one that keeps the log",
            f"install {pinned[0]}",
        )
    yield ok(
        "versions", f"mentoring {installed_version()}, Python {platform.python_version()}, {', '.join(found)}"
    )


def _required() -> list[str]:
    try:
        return requires("mentoring-workflow") or []
    except PackageNotFoundError:
        return []
