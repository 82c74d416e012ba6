"""Notes what the examples show while they run; what is to be shown is looked at when all have."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.domain.shown import SHOWN, is_example


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Run a test, and note it where it is an example."""
    if not is_example(pyfuncitem.function):
        return (yield)
    with SHOWN.noting(pyfuncitem.function):
        return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that look at what was shown come last."""
    items.sort(key=lambda item: item.path.stem == "test_everything_is_shown")
