"""The file that an import reads: opened once, so that it is the same one however often it is read."""

from __future__ import annotations

import gzip
import io
import os
import select
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from workflow.errors import Invalid, Unavailable

Open = Callable[[], BinaryIO]
"""Gives what the file holds from its beginning, as often as it is called; only the last one given can be read."""

_AGAIN, _CHUNK = 0.2, 1024 * 1024


@contextmanager
def incoming(source: Path | int, go_on: Callable[[], None]) -> Iterator[Open]:
    """A file, compressed where its name ends in .gz; or what is open already, such as the standard input.

    What is no regular file can be read only once. It is kept on disk meanwhile, in a file without a name: nobody else
    can read it, and whatever ends this process leaves nothing of it. While nothing comes, ``go_on`` is called now and
    then; what it raises ends the wait.
    """
    with ExitStack() as stack:
        if isinstance(source, Path):
            handle = _opened(source)
            stack.callback(os.close, handle)
        else:
            handle = source
        if isinstance(source, int) or not stat.S_ISREG(os.fstat(handle).st_mode):
            handle = stack.enter_context(_kept(_chunks(handle, go_on))).fileno()
        packed = isinstance(source, Path) and source.suffix == ".gz"

        def again() -> BinaryIO:
            os.lseek(handle, 0, os.SEEK_SET)
            plain = io.BufferedReader(io.FileIO(handle, closefd=False))
            return cast("BinaryIO", gzip.GzipFile(fileobj=plain) if packed else plain)

        yield again


def _opened(file: Path) -> int:
    try:
        # Without waiting for who writes to a pipe: that could not be interrupted.
        handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}", code="file_unreadable") from error
    if stat.S_ISDIR(os.fstat(handle).st_mode):
        os.close(handle)
        raise Invalid(f"{file} is a folder; name a file, or - for standard input", code="file_unreadable")
    return handle


def _chunks(source: int, go_on: Callable[[], None]) -> Iterator[bytes]:
    """What comes in, without holding up Ctrl-C while nothing does."""
    while True:
        go_on()
        if select.select([source], [], [], _AGAIN)[0]:
            try:
                chunk = os.read(source, _CHUNK)
            except BlockingIOError:  # somebody else read it
                continue
            except OSError as error:
                raise Invalid(
                    f"what comes in cannot be read any further: {error.strerror}", code="file_unreadable"
                ) from error
            if not chunk:
                return
            yield chunk


@contextmanager
def _kept(chunks: Iterator[bytes]) -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as kept:  # it has no name
        try:
            kept.writelines(chunks)
            kept.flush()
        except OSError as error:
            raise Unavailable(
                f"what comes in cannot be kept in {tempfile.gettempdir()} while it is checked ({error.strerror}): name "
                "another folder in TMPDIR, or import from a file",
                code="file_unwritable",
            ) from error
        yield kept
