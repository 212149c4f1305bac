"""The writer of text formats: rows are made and packed by the workers, written in order."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

import pyarrow as pa

from classifier.tables.batches import Answered
from classifier.tables.target import Target

Encoded = TypeVar("Encoded")


class Writer(Protocol[Encoded]):
    """Takes answered batches; ``resumable`` says that one run can go on where another stopped."""

    resumable: bool

    def encode(self, answered: Answered) -> Encoded:
        """Make of a batch what :meth:`append` takes; called by many threads."""

    def append(self, encoded: Encoded) -> None:
        """Write it; called in order."""

    def finish(self) -> None:
        """Write what is left."""

    def abandon(self) -> None:
        """Let go of an output that will not be whole."""


class Encoder(Protocol):
    """Makes the bytes of a text format."""

    def head(self) -> bytes:
        """Return what comes before all rows."""

    def encode(self, answered: Answered) -> bytes:
        """Return the rows of a batch."""


class TextTable:
    """Writes a text format, each batch packed on its own: the pieces one after another are one file."""

    resumable = True

    def __init__(self, target: Target, encoder: Encoder, compression: str) -> None:
        self._target, self._encoder = target, encoder
        self._pack = _PACKERS[compression]

    def begin(self) -> None:
        """Write what comes before all rows."""
        self._target.write(self._pack(self._encoder.head()))

    def encode(self, answered: Answered) -> bytes:
        """Return the packed rows of a batch."""
        return self._pack(self._encoder.encode(answered))

    def append(self, encoded: bytes) -> None:
        """Write the rows of a batch."""
        self._target.write(encoded)

    def finish(self) -> None:
        """Do nothing: each piece is whole."""

    def abandon(self) -> None:
        """Do nothing."""


def _same(data: bytes) -> bytes:
    return data


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, compresslevel=6, mtime=0)


def _xz(data: bytes) -> bytes:
    return lzma.compress(data, preset=2)


def _bz2(data: bytes) -> bytes:
    return bz2.compress(data, 9)


def _zstd(data: bytes) -> bytes:
    packed: bytes = pa.compress(data, codec="zstd", asbytes=True)
    return packed


_PACKERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "": _same, "gzip": _gzip, "xz": _xz, "bz2": _bz2, "zstd": _zstd,
}  # fmt: skip
