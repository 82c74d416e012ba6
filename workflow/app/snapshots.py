"""A moment of what a folder's service has folded, read beside it."""

from __future__ import annotations

from collections.abc import Callable

from workflow.folder import Folder
from workflow.projections.analytics.snapshot import Snapshot


def snapshot(folder: Folder, cancelled: Callable[[], bool]) -> Snapshot:
    """The moment at which it is entered. It takes no lock of the folder: the service goes on folding."""
    return Snapshot(folder.views, cancelled)
