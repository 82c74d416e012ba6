"""Files that are there once they are whole, for their owner alone to read.

Until then they have no name where the system can do without one (Linux, on most file systems): whatever ends the
process, nothing of them is left. Elsewhere a kill leaves a draft of a name that says so.
"""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from io import BufferedRandom
from pathlib import Path
from types import TracebackType
from typing import Self

_NAMELESS = getattr(os, "O_TMPFILE", None)
_CANNOT = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT}
"""How a file system says that its files have to have a name. A folder that is missing says so again."""

_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}
"""How one says that a file has one name there."""

DRAFTS = f".{'[0-9a-f]' * 16}.new"
"""What is left of them where a kill left any, as a pattern of names."""


class Draft:
    """A file in the making, in the folder that it is to lie in. What is not named by its end is gone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name: Path | None = None
        handle = None if _NAMELESS is None else self._without_name(_NAMELESS)
        if handle is None:
            self._name = folder / _a_name()
            handle = os.open(self._name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self.file: BufferedRandom = os.fdopen(handle, "w+b")

    def _without_name(self, nameless: int) -> int | None:
        try:
            return os.open(self._folder, os.O_RDWR | nameless | os.O_CLOEXEC, 0o600)
        except OSError as error:
            if error.errno in _CANNOT:
                return None
            raise

    def keep(self) -> None:
        """Make durable what was written."""
        self.file.flush()
        os.fsync(self.file.fileno())

    def put(self, to: Path, *, replacing: bool = False) -> None:
        """Give it its name in the folder, durably; ``FileExistsError`` where another file has that and keeps it."""
        self.keep()
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            if replacing:
                self._named(folder).replace(to)
            elif self._name is None:
                self._link(to.name, folder)
            else:
                _move(self._name, to)
            os.fsync(folder)
        finally:
            os.close(folder)

    def _named(self, folder: int) -> Path:
        """Where it lies under a name of its own: nothing takes the place of another file that has none."""
        if self._name is None:
            name = _a_name()
            self._link(name, folder)
            self._name = self._folder / name
        return self._name

    def _link(self, name: str, folder: int) -> None:
        # Told of a folder, this follows the link by which the system shows what is open.
        os.link(f"/proc/self/fd/{self.file.fileno()}", name, src_dir_fd=folder, dst_dir_fd=folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()
        if self._name is not None:
            with suppress(OSError):
                self._name.unlink()


def _a_name() -> str:
    return f".{secrets.token_hex(8)}.new"


def _move(draft: Path, to: Path) -> None:
    """Give it the name unless another file has that: to rename it would take that file's place."""
    try:
        os.link(draft, to)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if to.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(to)) from error
        draft.rename(to)
