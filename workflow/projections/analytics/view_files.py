"""Views written to files, all of one moment, with a manifest that says which."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import file_digest
from io import BufferedRandom
from pathlib import Path
from typing import Any

from workflow.drafts import Draft
from workflow.errors import Conflict, Invalid, Unavailable
from workflow.projections.analytics.dictionary import dictionary
from workflow.projections.analytics.files import Format, Rows, writer_of
from workflow.projections.analytics.snapshot import Snapshot
from workflow.projections.analytics.view import View
from workflow.projections.analytics.views import VIEWS

MANIFEST = "manifest.json"

Heed = Callable[[str, int], None]
"""Told of a view's name and how many of its rows are written by now."""


@dataclass(frozen=True, slots=True)
class ViewFiles:
    """What is to be written where."""

    to: Path
    format: Format = Format.PARQUET
    views: tuple[View, ...] = VIEWS
    force: bool = False
    """Whether files of an earlier export may be replaced."""

    def refuse_what_cannot_be(self) -> None:
        """Refuse before anything is read: the package that is missing, the files that exist."""
        writer_of(self.format)
        there = [name for name in self.names if (self.to / name).exists()]
        if there and not self.force:
            others = f" and {len(there) - 1} more of these files" if there[1:] else ""
            raise Conflict(
                f"{self.to} already has {there[0]}{others}: name another folder, or replace them with --force",
                code="files_exist",
            )

    @property
    def names(self) -> list[str]:
        """The files that it comes to."""
        return [*(self.file(view) for view in self.views), MANIFEST]

    def file(self, view: View) -> str:
        """What the file of a view is called."""
        return f"{view.name}.{self.format.value}"


def chosen(names: Sequence[str]) -> tuple[View, ...]:
    """The views that are meant, in their order; all where none is named. ``analytics_`` may be left away."""
    asked = {name.removeprefix("analytics_") for name in names}
    if asked - {view.name for view in VIEWS}:
        known = ", ".join(view.name for view in VIEWS)
        raise Invalid(f"no view has this name; there are: {known}", code="view_unknown")
    return tuple(view for view in VIEWS if not asked or view.name in asked)


def export(
    snapshot: Snapshot, asked: ViewFiles, told: dict[str, Any], heed: Heed = lambda *_: None
) -> dict[str, Any]:
    """Write the files; the manifest. ``told`` is what else it is to say.

    They have no name until all are whole and take their places, the manifest last: whatever ends this before, a kill
    too, leaves nothing behind, and files of an earlier export as they were.
    """
    asked.refuse_what_cannot_be()
    write = writer_of(asked.format)
    try:
        made = not asked.to.exists()
        asked.to.mkdir(parents=True, exist_ok=True)
        try:
            with ExitStack() as stack:
                drafts: dict[str, Draft] = {}

                def begin(name: str) -> BufferedRandom:
                    drafts[name] = stack.enter_context(Draft(asked.to))
                    return drafts[name].file

                position = snapshot.position(asked.views)
                files = []
                for view in asked.views:
                    name, counted = asked.file(view), _Counted(view, heed)
                    draft = begin(name)
                    write(draft, view, counted.of(snapshot.rows(view)))
                    files.append(_described(draft, name, view, counted.rows))
                manifest = {
                    **told,
                    "position": position,
                    "format": asked.format.value,
                    "files": files,
                    "dictionary": dictionary(asked.views),
                }
                text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
                begin(MANIFEST).write(text.encode())
                # All of them first, so that little time lies between the first place taken and the last.
                for whole in drafts.values():
                    whole.keep()
                _make_room(asked)
                for name, whole in drafts.items():
                    whole.put(asked.to / name)
        except BaseException:
            if made and not any(asked.to.iterdir()):
                asked.to.rmdir()
            raise
    except OSError as error:
        raise Unavailable(
            f"{asked.to} cannot be written to: {error.strerror or type(error).__name__}; name another folder with --to",
            code="folder_unusable",
        ) from error
    return manifest


def _make_room(asked: ViewFiles) -> None:
    """Take away what is written anew, the earlier manifest and the files that it lists: they are of another moment.

    The manifest goes first, since it must not speak of files that it was not made with.
    """
    to, ours = asked.to, {f"{view.name}.{format.value}" for view in VIEWS for format in Format}
    try:
        listed = {str(file["file"]) for file in json.loads((to / MANIFEST).read_bytes())["files"]}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        listed = set()
    for name in (MANIFEST, *(ours & listed), *(asked.names if asked.force else ())):
        (to / name).unlink(missing_ok=True)


class _Counted:
    """Rows on their way into a file, counted."""

    def __init__(self, view: View, heed: Heed) -> None:
        self.rows = 0
        self._view = view
        self._heed = heed

    def of(self, rows: Rows) -> Iterator[Sequence[tuple[Any, ...]]]:
        self._heed(self._view.name, 0)
        for some in rows:
            yield some
            self.rows += len(some)
            self._heed(self._view.name, self.rows)


def _described(file: BufferedRandom, name: str, view: View, rows: int) -> dict[str, Any]:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    digest = file_digest(file, "sha256").hexdigest()
    return {"view": view.full_name, "file": name, "rows": rows, "bytes": size, "sha256": digest}
