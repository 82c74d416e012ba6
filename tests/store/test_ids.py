from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122

from workflow.store.ids import NewIds


def test_every_thread_is_given_random_ids_that_nobody_has() -> None:
    new_id = NewIds()
    with ThreadPoolExecutor(4) as threads:
        given = [id for ids in threads.map(lambda _: [new_id() for _ in range(700)], range(8)) for id in ids]
    assert len(set(given)) == len(given) == 5_600
    assert {(id.version, id.variant) for id in given} == {(4, RFC_4122)}
