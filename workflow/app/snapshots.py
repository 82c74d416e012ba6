"""A moment of what a service has folded, read beside it."""

from __future__ import annotations

from collections.abc import Callable

from workflow.app.keeping import Keeping
from workflow.folder import Folder
from workflow.projections.analytics.snapshot import Snapshot
from workflow.settings import Settings


def snapshot(settings: Settings, cancelled: Callable[[], bool]) -> Snapshot:
    """The moment at which it is entered. It takes no lock: the service goes on folding."""
    return Snapshot(Keeping(settings, Folder(settings.data)).views, cancelled)
