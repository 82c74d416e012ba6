"""The master key: the one secret that unlocks all others, kept in a file of its own."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from workflow.drafts import Draft
from workflow.errors import Invalid, Stopped
from workflow.secret_files import read_guarded

_SIZE = 32
_CODES = {"secret_exposed": "master_key_exposed", "secret_unreadable": "master_key_unreadable"}


def load_master_key(path: Path) -> bytes:
    """The master key in ``path``, made on first use.

    The file appears whole or not at all, even if the machine stops while it is written, and two services
    that start at once agree on one key. A file that others may read is refused.
    """
    if not path.exists():
        _create(path)
    return read_master_key(path)


def read_master_key(path: Path) -> bytes:
    """The master key in ``path``, which has to be there."""
    try:
        key = read_guarded(path, "master key")
    except Invalid as error:
        raise Stopped(error.detail, code=_CODES[error.code]) from error
    if len(key) != _SIZE:
        raise Stopped(f"{path} holds no master key of {_SIZE} bytes; restore it", code="master_key_damaged")
    return key


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Where another start was faster, its key is the key.
    with Draft(path.parent) as draft, suppress(FileExistsError):
        draft.file.write(secrets.token_bytes(_SIZE))
        draft.put(path)


def derive(master_key: bytes, purpose: str) -> bytes:
    """A key for one purpose, so that no key serves two."""
    return HKDF(SHA256(), 32, salt=None, info=f"mentoring/{purpose}".encode()).derive(master_key)
