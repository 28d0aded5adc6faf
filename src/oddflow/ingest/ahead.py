"""A source that is read in a thread of its own, so that it is not left waiting by who uses it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator
from typing import Generic, TypeVar

T = TypeVar("T")


def read_ahead(source: Generator[T], *, size_of: Callable[[T], int], max_size: int) -> Generator[T]:
    """The items of a source in their order, while those that follow are being read already.

    Args:
        source: what a thread reads from now on; it is closed at the end. Who leaves early waits
            for its next item.
        size_of: of an item, in any unit.
        max_size: of all items that were read and not taken yet, but for one.

    Raises:
        Exception: what the source raises, after the items before it.
    """
    shelf: _Shelf[T] = _Shelf(max_size)
    thread = threading.Thread(target=_fill, args=(shelf, source, size_of), daemon=True)
    thread.start()
    try:
        while (item := shelf.take()) is not None:
            yield item[0]
    finally:
        shelf.leave()
        thread.join()
    if shelf.error is not None:
        raise shelf.error


class _Shelf(Generic[T]):
    """Items between two threads; what one puts the other takes."""

    def __init__(self, max_size: int) -> None:
        self.error: BaseException | None = None
        self._max_size, self._size = max_size, 0
        self._items: deque[tuple[T, int]] = deque()
        self._is_full = self._is_left = False
        self._changed = threading.Condition()

    def put(self, item: T, size: int) -> bool:
        """Wait for room; False if nobody takes any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._size <= self._max_size or self._is_left)
            self._items.append((item, size))
            self._size += size
            self._changed.notify()
            return not self._is_left

    def take(self) -> tuple[T, int] | None:
        """Wait for an item; None after the last."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._is_full)
            if not self._items:
                return None
            item = self._items.popleft()
            self._size -= item[1]
            self._changed.notify()
            return item

    def end(self, error: BaseException | None) -> None:
        """Nothing more comes."""
        with self._changed:
            self.error, self._is_full = error, True
            self._changed.notify()

    def leave(self) -> None:
        """Nothing more is taken."""
        with self._changed:
            self._is_left = True
            self._changed.notify()


def _fill(shelf: _Shelf[T], source: Generator[T], size_of: Callable[[T], int]) -> None:
    error: BaseException | None = None
    try:
        for item in source:
            if not shelf.put(item, size_of(item)):
                break
    except Exception as raised:  # noqa: BLE001 - it is raised again where the items are taken
        error = raised
    finally:
        source.close()
        shelf.end(error)
