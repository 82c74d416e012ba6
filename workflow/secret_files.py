"""Files that hold a secret: read only where nobody else can put another in its place, or read it too."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from workflow.drafts import Draft
from workflow.errors import Invalid

_LONGEST = 4096


def read_secret(path: Path, what: str) -> str:
    """The secret that a file holds. It has to be one line of at least 16 characters."""
    try:
        secret = read_guarded(path, what).decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise Invalid(f"the file with the {what} is no text: {path}", code="secret_unreadable") from error
    if len(secret) < 16 or len(secret.split()) != 1 or not secret.isascii():
        raise Invalid(
            f"the {what} in {path} has to be one word of at least 16 ASCII characters", code="secret_weak"
        )
    return secret


def read_guarded(path: Path, what: str) -> bytes:
    """What a file holds, if its mode keeps it from others.

    Nobody but the owner may write to it. Nobody but the owner may read it either, unless it lies on a file
    system that is mounted read-only, as container runtimes mount secrets (with mode 0444 or 0644): its mode
    cannot be mended from inside, and who sees into the container is their affair.
    """
    try:
        # Without waiting: a pipe of this name would otherwise hold up the start for ever.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise Invalid(
            f"the file with the {what} cannot be read: {path}: {error.strerror}", code="secret_unreadable"
        ) from error
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise Invalid(
                f"the {what} is read from a regular file, which {path} is not", code="secret_unreadable"
            )
        if found.st_mode & 0o022:
            raise Invalid(
                f"others may write to {path}, the file with the {what}; set its mode to 0600",
                code="secret_exposed",
            )
        if found.st_mode & 0o044 and not os.fstatvfs(handle).f_flag & os.ST_RDONLY:
            raise Invalid(
                f"others may read {path}, the file with the {what}; set its mode to 0600 (its owner is the "
                "one that the service runs as)",
                code="secret_exposed",
            )
        return os.read(handle, _LONGEST)
    finally:
        os.close(handle)


def own_secret(path: Path, what: str) -> str:
    """The secret in ``path``, made at first use, for its owner alone to read."""
    if not path.exists():
        with Draft(path.parent) as draft, suppress(FileExistsError):
            draft.file.write(f"{secrets.token_urlsafe(32)}\n".encode())
            draft.put(path)
    return read_secret(path, what)


def own_database(path: Path) -> None:
    """See that a database is its owner's alone before SQLite opens it: what lies beside it takes over its mode.

    One that is there is not opened for that: to close it would take away the locks that SQLite holds in this process.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    for beside in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(f"{path.name}{beside}").chmod(0o600)
