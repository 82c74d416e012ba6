"""Maps and sorted lists that grow with a relationship's history, and cost no more to change for it.

A state is never changed: each decision copies it, and changes the copy. Of what is in here only what is recent is
copied; all that is older is shared, and what is recent becomes older a hundred at a time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, Generic, TypeVar, overload

FEW = 128
"""So many are copied as fast as they are shared."""

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


class GrowingMap(Generic[K, V]):
    """A map of values other than None. What holds one changes it only where it is its own, by ``fork``."""

    __slots__ = ("_older", "_recent")

    def __init__(self, older: Mapping[K, V] | None = None, recent: dict[K, V] | None = None) -> None:
        self._older: Mapping[K, V] = {} if older is None else older
        self._recent: dict[K, V] = {} if recent is None else recent

    def fork(self) -> GrowingMap[K, V]:
        """A copy that can be changed alone."""
        return GrowingMap(self._older, self._recent.copy())

    def get(self, key: K) -> V | None:
        """What is kept under a key, if anything is."""
        found = self._recent.get(key)
        return self._older.get(key) if found is None else found

    def __contains__(self, key: K) -> bool:
        return key in self._recent or key in self._older

    def __setitem__(self, key: K, value: V) -> None:
        self._recent[key] = value
        if len(self._recent) > FEW:
            self._older, self._recent = {**self._older, **self._recent}, {}

    def discard(self, key: K) -> None:
        """Keep nothing under this key."""
        self._recent.pop(key, None)
        if key in self._older:
            self._older = {known: value for known, value in self._older.items() if known != key}

    def whole(self) -> Mapping[K, V]:
        """All of it; to be had costs as much as there is, where there is much."""
        return {**self._older, **self._recent} if self._older else self._recent


class GrowingList(Sequence[T]):
    """A long list that is not changed: ``older`` ones, which other lists may share, and the ``recent`` ones behind.

    A short one is an ordinary list.
    """

    __slots__ = ("older", "recent")

    def __init__(self, older: list[T], recent: list[T]) -> None:
        self.older, self.recent = older, recent

    def __len__(self) -> int:
        return len(self.older) + len(self.recent)

    def __iter__(self) -> Iterator[T]:
        return chain(self.older, self.recent)

    def __reversed__(self) -> Iterator[T]:
        return chain(reversed(self.recent), reversed(self.older))

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> list[T]: ...
    def __getitem__(self, place: int | slice) -> T | list[T]:
        before = len(self.older)
        if isinstance(place, slice):
            first, last, step = place.indices(len(self))
            if step != 1:
                return [*self][place]
            recent = self.recent[max(0, first - before) : max(0, last - before)]
            return recent if first >= before else [*self.older[first:last], *recent]
        if place < 0:
            place += len(self)
        if place >= before:
            return self.recent[place - before]
        if place < 0:
            raise IndexError(place)
        return self.older[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(_equal, self, other))

    __hash__ = None  # type: ignore[assignment]  # as a list has none


def _equal(one: object, other: object) -> bool:
    return one == other


class SameInstant(Exception):
    """Another one is of that instant already."""


Instant = Callable[[Any], datetime]
"""By what a list is sorted."""


def with_item(items: Sequence[T], item: T, instant: Instant) -> Sequence[T]:
    """The same with an item in its place by instants. Raises ``SameInstant`` where another one is of that instant."""
    at = instant(item)
    older, recent = _parted(items, at, instant)
    if not recent or instant(recent[-1]) < at:
        recent.append(item)  # as do most, which become known in their order
    else:
        place = bisect_right(recent, at, key=instant)
        if place and instant(recent[place - 1]) == at:
            raise SameInstant
        recent.insert(place, item)
    if len(recent) > 2 * FEW:
        return GrowingList([*older, *recent[:-FEW]], recent[-FEW:])
    return GrowingList(older, recent) if older else recent


def without_item(items: Sequence[T], item: T, instant: Instant) -> Sequence[T]:
    """The same without an item that is there."""
    at = instant(item)
    older, recent = _parted(items, at, instant)
    place = bisect_left(recent, at, key=instant)
    while recent[place] != item:
        place += 1
    del recent[place]
    return GrowingList(older, recent) if older else recent


def _parted(items: Sequence[T], at: datetime, instant: Instant) -> tuple[list[T], list[T]]:
    """What may be shared, all of it before an instant; and a copy of the rest, which an item of that is among."""
    if type(items) is not list:  # asked with every decision, and ten times as slow by an abstract class
        assert isinstance(items, GrowingList)
        recent = items.recent
        if recent and instant(recent[0]) < at:
            return items.older, recent.copy()
    return [], [*items]
