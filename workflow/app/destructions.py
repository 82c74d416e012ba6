"""Beside intake: what was asked to be destroyed is destroyed, and stays so."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from workflow.consumers.destruction import Destroyer
from workflow.store.destructions import Destruction
from workflow.store.event_store import EventStore
from workflow.store.keys import KeyStore
from workflow.store.writer import Writer

_log = logging.getLogger(__name__)


class Destructions:
    """The destructions that the log asks for, done in the key store."""

    def __init__(self, store: EventStore, keys: KeyStore, writer: Writer) -> None:
        self._store = store
        self._keys = keys
        self.destroyer = Destroyer(self.asked, keys.destroy, writer.submit)

    async def run(self) -> None:
        """Do all that is still to be done."""
        await self.destroyer.run()

    def keep(self) -> None:
        """What was destroyed once stays so, also where the keys were restored from an older copy."""
        with self._store.ledger() as ledger:
            scopes = [scope for one in ledger.destructions.done() for scope in one.scopes]
        back = [scope for scope in scopes if not self._keys.destroyed(scope)]
        if back:
            self._keys.destroy(back)
            _log.warning(
                "%d keys that were destroyed before had come back, and were destroyed again", len(back)
            )

    def asked(self, limit: int) -> Sequence[Destruction]:
        """What is still to be done, at most so much."""
        with self._store.ledger() as ledger:
            return ledger.destructions.asked(limit)
