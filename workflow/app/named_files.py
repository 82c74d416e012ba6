"""Looking at the files that settings name, secrets among them: whether they are there, and nobody else's to read."""

from __future__ import annotations

import os
from collections.abc import Iterator

from workflow.app.beginning import read_policy
from workflow.consumers.hooks.registry import installed
from workflow.diagnosis import Finding, ok, trouble, warning
from workflow.errors import MentoringError
from workflow.secret_files import read_secret
from workflow.settings import Settings

MEND = "mend it: the service does not start so"


def tokens(settings: Settings) -> Iterator[Finding]:
    """Whether the files that the settings name can be read, as the service demands it at its start."""
    well = True
    for read in (settings.http_token, settings.nats_token, lambda: read_policy(settings)):
        try:
            read()
        except MentoringError as error:
            well = False
            yield trouble("settings", error.detail, MEND)
    if well:
        yield ok("settings", "they fit, and the files that they name can be read")


def hooks(settings: Settings) -> Iterator[Finding]:
    """Whether the secrets of hooks are there for the service alone. None of them is told."""
    providers = installed()
    open_, well = [], True
    for name, file in settings.files_of_hooks(providers).items():
        try:
            read_secret(file, f"secret of the hook {name}")
        except MentoringError as error:
            well = False
            yield trouble("hooks", error.detail, MEND)
        else:
            open_.append(name)
    folder = settings.hook_secrets
    if folder is not None and folder.stat().st_mode & 0o022 and not os.statvfs(folder).f_flag & os.ST_RDONLY:
        well = False
        yield warning("hooks", f"others may put secrets of their own into {folder}", f"chmod go-w {folder}")
    if well:
        closed = ", ".join(sorted(providers.keys() - set(open_))) or "none"
        yield ok(
            "hooks",
            f"by these settings open with a secret of their own: {', '.join(open_) or 'none'}; closed: {closed}",
        )
