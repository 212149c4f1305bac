"""Cut a stream into batches, always at the same places.

A batch that starts at some position is told by the bytes that follow it and by nothing else,
so that a run that goes on from there makes the same batches as one that was never stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np

from classifier.errors import InputError
from classifier.tables.scan import Bytes
from classifier.tables.streams import TextSource

BATCH: Final = 1 << 21
"""Bytes of a batch, unless one row has more."""

LIMIT: Final = 1 << 30
"""Bytes of a row that are too many."""

Taken = TypeVar("Taken")


@dataclass(frozen=True, slots=True)
class Window:
    """The bytes ``data[start:stop]``, which stand at ``position``; ``final`` if none follow."""

    data: Bytes
    start: int
    stop: int
    position: int
    final: bool


def windows(source: TextSource, position: int, take: Callable[[Window], tuple[Taken | None, int]]) -> Iterator[Taken]:
    """Go through a stream that stands at ``position`` and yield what ``take`` makes of each window.

    ``take`` returns a batch and where it ends in the window's data, or None to see more bytes.
    """
    buffer, start, size, ended = b"", 0, BATCH, False
    while True:
        if not ended and len(buffer) - start <= size:
            wanted = size + 1 - (len(buffer) - start) + (BATCH if size == BATCH else 0)
            piece = source.read(wanted)
            ended = len(piece) < wanted
            buffer, start = buffer[start:] + piece, 0
        stop = min(start + size, len(buffer))
        final = ended and stop == len(buffer)
        if start == stop:
            return
        taken, end = take(Window(np.frombuffer(buffer, np.uint8), start, stop, position, final))
        if taken is None:
            if size >= LIMIT:
                raise InputError(
                    f"{source.name}: a row must have less than {LIMIT >> 20} MB, got more at byte {position}. "
                    "Check that the file is what it is said to be"
                )
            size *= 2
            continue
        yield taken
        position, start, size = position + end - start, end, BATCH
