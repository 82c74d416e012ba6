"""What the processes of one service tell each other of how they stand."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from workflow.places import whence
from workflow.settings import Role
from workflow.store.faults import is_away
from workflow.store.postgres.board import Board, Notice
from workflow.threads import in_thread

EVERY = 2.0
"""Seconds between two words of a process."""

_log = logging.getLogger(__name__)


class Notices:
    """Says every now and then how this process stands, and knows what the others have said."""

    def __init__(self, board: Board, told: Callable[[], dict[str, dict[str, Any]]]) -> None:
        self._board = board
        self._told = told
        self.of_all: Sequence[Notice] = ()
        """What was last said by those that are there, this process included."""

    async def run(self) -> None:
        """Go on until cancelled; whoever has gone is not spoken of any more."""
        try:
            while True:
                try:
                    await in_thread(self._board.say, self._told())
                    self.of_all = await in_thread(self._board.read)
                except Exception as error:  # noqa: BLE001 whatever it is, it may pass, and health tells of it otherwise
                    if not is_away(error):  # whoever folds or follows says that, once
                        _log.warning(
                            "how this process stands could not be told to the others (%s)", whence(error)
                        )
                await asyncio.sleep(EVERY)
        finally:
            await asyncio.shield(in_thread(self._leave))

    def _leave(self) -> None:
        try:
            self._board.leave()
        except Exception as error:  # noqa: BLE001 it is forgotten by itself soon
            _log.warning("the notice of this process could not be taken away (%s)", whence(error))

    def at_work(self, role: Role) -> list[Notice]:
        """What those say that do the work of a role, and do not stand by."""
        return [one for one in self.of_all if one.role == role and one.told.get("at_work")]
