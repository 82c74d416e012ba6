"""The configuration of our own NATS server. Its secrets come by environment variables, which only its user can see."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from workflow.errors import Stopped

MAX_PAYLOAD = 1024 * 1024
"""The largest message that our own server takes; the contract's lower limit is ours to account for."""

_TOKEN, _KEY = "MENTORING_BROKER_TOKEN", "MENTORING_BROKER_KEY"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What clients have to show, and what the server's files are encrypted with; None: nothing."""

    token: str | None = field(default=None, repr=False)
    key: bytes | None = field(default=None, repr=False)

    def environment(self) -> dict[str, str]:
        """The variables that the configuration refers to."""
        # The server reads a variable as it reads its file: in quotes, a token of digits is no number.
        given = {_TOKEN: self.token, _KEY: None if self.key is None else self.key.hex()}
        return {name: json.dumps(value) for name, value in given.items() if value is not None}


def write_config(folder: Path, *, host: str, port: int, sync: str, secrets: Secrets) -> Path:
    """The file that the server reads, for its owner alone and without any secret."""
    quoted = json.dumps  # the server's own quoting of strings is JSON's
    storage = [f"store_dir: {quoted(str(folder / 'jetstream'))}", f"sync_interval: {sync}"]
    if secrets.key is not None:
        storage += ["cipher: aes", f"key: ${_KEY}"]
    lines = [
        "server_name: mentoring",
        f"host: {quoted(host)}",
        f"port: {port or -1}",
        f"ports_file_dir: {quoted(str(folder / 'ports'))}",
        f"max_payload: {MAX_PAYLOAD}",
        # Anything but `always` acknowledges what a power cut can still take away: for benchmarks alone.
        f"jetstream {{ {', '.join(storage)} }}",
    ]
    if secrets.token is not None:
        lines.append(f"authorization {{ token: ${_TOKEN} }}")
    path = folder / "server.conf"
    path.unlink(missing_ok=True)
    _write(path, "\n".join(lines) + "\n")
    return path


def check_key(folder: Path, key: bytes | None) -> None:
    """Stop where the server's files were encrypted under another key: it would throw the stream away.

    Files that were never encrypted are no trouble: the server encrypts them as it starts.
    """
    known = folder / "key.sha256"
    digest = "" if key is None else hashlib.sha256(key).hexdigest()
    if known.exists():
        if known.read_text("ascii").strip() != digest:
            raise Stopped(
                f"the files in {folder} were encrypted under another master key: restore that one, "
                "or put the folder aside so that a new stream begins and ask the publishers to send again",
                code="nats_key_differs",
            )
    elif key is not None:
        _write(known, digest + "\n")


def _write(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
