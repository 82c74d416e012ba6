"""The data folder: where each file lies, who holds it, and at which address its service answers."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from workflow.drafts import DRAFTS, Draft
from workflow.errors import Conflict, Unavailable

_LOOKS, _A_LOOK = 100, 0.01
"""How often it is tried again while others look whether the folder is held, and the seconds in between."""

_SCRATCH = ".scratch"
_DRAFTS = (DRAFTS, "service.new", "master.key.*.new")
"""What a kill may have left of files in the making; older versions had names of their own for two of them."""


class Address(BaseModel):
    """Where a running service answers; kept as ``service.json`` in its folder."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    instance: UUID
    """Which run of the service: its health tells the same."""
    pid: int
    http: str
    nats: str
    nats_token_file: str | None = None
    """The file with the token that the NATS server demands, if it demands one."""
    clock: str
    data: str


class Folder:
    """One folder of one service. Held by a file lock, which the system lets go of when the process dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    @property
    def events(self) -> Path:
        """The facts."""
        return self.path / "events.db"

    @property
    def views(self) -> Path:
        """What is folded from the facts."""
        return self.path / "views.db"

    @property
    def keys(self) -> Path:
        """The data keys, wrapped."""
        return self.path / "keys.db"

    @property
    def master_key(self) -> Path:
        """The key that wraps the others, unless the settings name another file."""
        return self.path / "master.key"

    @property
    def broker(self) -> Path:
        """The files of the service's own NATS server."""
        return self.path / "nats"

    @property
    def nats_token(self) -> Path:
        """What the service's own NATS server demands, unless the settings name another file."""
        return self.path / "nats.token"

    @property
    def address_file(self) -> Path:
        """Where the running service says how to reach it."""
        return self.path / "service.json"

    def scratch(self) -> Path:
        """Where files lie that are needed meanwhile. What a kill left there goes when the folder is next held."""
        (scratch := self.path / _SCRATCH).mkdir(mode=0o700, exist_ok=True)
        return scratch

    def nothing_kept(self) -> Unavailable:
        """Why no verb but ``up`` does anything in a folder in which nothing was begun."""
        return Unavailable(
            f"nothing is kept in {self.path}; `mentoring up --data {self.path}` begins there",
            code="folder_empty",
        )

    def begun(self) -> bool:
        """Whether anything is kept in it."""
        try:
            return self.events.exists() or self.views.exists()
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> Unavailable:
        return Unavailable(
            f"the folder {self.path} cannot be used: {error.strerror}; name another with --data",
            code="folder_unusable",
        )

    def hold(self) -> Self:
        """Take the folder, making it where it is missing; refused while another process holds it."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._refuse_if_open_to_others()
            lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unusable(error) from error
        if not _taken(lock):
            holder = os.read(lock, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(lock)
            raise Conflict(
                f"the folder {self.path} is in use by process {holder}; stop it, or name another folder",
                code="folder_in_use",
            )
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
        self._lock = lock
        self._clear()
        return self

    def held(self) -> bool:
        """Whether a process holds the folder. Nothing is made to find out, and nobody is kept from taking it."""
        try:
            lock = os.open(self.path / "lock", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            return not _locked(lock, fcntl.LOCK_SH)
        finally:
            os.close(lock)

    def _clear(self) -> None:
        """Take away what is needed no more: of who begins, and was killed before, and of who ends."""
        scratch = self.path / _SCRATCH
        if not scratch.is_symlink():
            shutil.rmtree(scratch, ignore_errors=True)
        for drafts in _DRAFTS:
            for draft in self.path.glob(drafts):
                with suppress(OSError):
                    draft.unlink()

    def ours_alone(self) -> bool:
        """Whether nobody else may rename what lies in it, and so put keys and addresses of their own in its place."""
        found = self.path.stat()
        return found.st_uid == os.geteuid() and not found.st_mode & 0o022

    def _refuse_if_open_to_others(self) -> None:
        if not self.ours_alone():
            raise Conflict(
                f"others may write to the folder {self.path}; it must be yours alone (chmod 700)",
                code="folder_open_to_others",
            )

    def release(self) -> None:
        """Give the folder back."""
        if self._lock is not None:
            self._clear()
            self.address_file.unlink(missing_ok=True)
            os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = None

    def announce(self, address: Address) -> None:
        """Tell the verbs where this service answers."""
        with Draft(self.path) as draft:
            draft.file.write(address.model_dump_json(indent=2).encode() + b"\n")
            draft.put(self.address_file, replacing=True)

    def address(self) -> Address | None:
        """Where a service of this folder said that it answers, if it did; it may have died since.

        It is to be believed only where the folder is ``ours_alone``.
        """
        try:
            return Address.model_validate_json(self.address_file.read_bytes())
        except (OSError, ValidationError):
            return None

    def __enter__(self) -> Self:
        return self.hold()

    def __exit__(self, *_: object) -> None:
        self.release()


def _taken(lock: int) -> bool:
    """Whether the folder's lock could be taken: at once, unless somebody looks just now whether it is free."""
    for _ in range(_LOOKS):
        if _locked(lock, fcntl.LOCK_EX):
            return True
        if not _locked(lock, fcntl.LOCK_SH):
            return False  # somebody holds it
        fcntl.flock(lock, fcntl.LOCK_UN)
        time.sleep(_A_LOOK)
    return False


def _locked(lock: int, how: int) -> bool:
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
