"""Where bytes come from: files and standard input, unpacked, as UTF-8."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import shutil
import sys
import tempfile
import zlib
from typing import IO, Final, cast

from classifier.errors import InputError
from classifier.tables import encoding as encodings
from classifier.tables.encoding import UTF8, Decoder, Encoding
from classifier.tables.formats import STANDARD, compression_of, refuse_foreign

HEAD: Final = 1 << 20
"""Bytes that are looked at to tell encoding, dialect and columns."""

PIECE: Final = 1 << 20


def open_bytes(name: str) -> IO[bytes]:
    """Open a file or standard input for reading; raise InputError where that is not possible."""
    if name == STANDARD:
        return sys.stdin.buffer
    if os.path.isdir(name):
        raise InputError(f"{name}: must be a file, got a folder. Give one of the files in it")
    try:
        return open(name, "rb")
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror}). Check the name and the permissions") from None


def seekable(file: IO[bytes]) -> IO[bytes]:
    """Return a file to jump about in; what comes through a pipe is put on disk first."""
    if file.seekable():
        return file
    spool = cast("IO[bytes]", tempfile.TemporaryFile(prefix="rolecall-"))
    shutil.copyfileobj(file, spool, PIECE)
    spool.seek(0)
    return spool


def _unpack(file: IO[bytes], compression: str) -> IO[bytes]:
    if compression == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file, mode="rb"))
    if compression == "bz2":
        return bz2.BZ2File(file)
    if compression == "xz":
        return lzma.LZMAFile(file)
    import pyarrow as pa

    return cast("IO[bytes]", pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd"))


class Joined(io.RawIOBase):
    """The bytes of a head that was already read, then those of the file: a pipe cannot go back."""

    def __init__(self, head: bytes, file: IO[bytes]) -> None:
        self._head, self._file = head, file
        self.passed = 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes; none at the end."""
        piece = self._head[: max(size, 0)]
        self._head = self._head[len(piece) :]
        piece = piece or self._file.read(size)
        self.passed += len(piece)
        return piece


class TextSource:
    """The text of a table: opened, unpacked, its encoding found, read as UTF-8 without the mark.

    ``encoding`` names an encoding where it is not to be found. Positions count the bytes of
    this UTF-8. ``head`` is its start, ``whole`` says that it is all there is.
    """

    def __init__(self, name: str, file: IO[bytes], *, encoding: str | None = None, compression: str = "") -> None:
        self.name, self._file = name, file
        self.total = _size(self._file)
        start = self._fill(self._file, 16)
        self.compression = compression_of(start)
        if compression and start and self.compression != compression:
            raise InputError(
                f"{name}: must be compressed with {compression} as its ending says, got "
                f"{self.compression or 'no compression'}. Rename it"
            )
        self._outer = Joined(start, self._file)
        self._inner = _unpack(cast("IO[bytes]", self._outer), self.compression) if self.compression else self._outer
        head = self._fill(self._inner, HEAD)
        refuse_foreign(name, head)
        whole = len(head) < HEAD
        self.encoding: Encoding = encodings.given(encoding, head) if encoding else encodings.detect(name, head, whole)
        self._plain = self.encoding.name == UTF8
        self._decoder = None if self._plain else Decoder(self.encoding)
        self._waiting = self._decoded(head[len(self.encoding.mark) :], final=whole)
        self.whole = self._ended = whole
        self.head = self._waiting

    @property
    def passed(self) -> int:
        """Bytes of the file read so far, of :attr:`total`."""
        return self._outer.passed

    def read(self, size: int) -> bytes:
        """Return the next ``size`` bytes of UTF-8; fewer only at the end."""
        pieces, missing = [self._waiting], size - len(self._waiting)
        while missing > 0 and not self._ended:
            wanted = missing if self._plain else max(missing, PIECE)
            raw = self._fill(self._inner, wanted)
            self._ended = len(raw) < wanted
            pieces.append(self._decoded(raw, final=self._ended))
            missing -= len(pieces[-1])
        data = b"".join(pieces)
        self._waiting = data[size:]
        return data[:size]

    def skip(self, size: int) -> None:
        """Pass over ``size`` bytes of UTF-8 from the start of the text."""
        if self._plain and not self.compression and self.total is not None and self.name != STANDARD:
            place = len(self.encoding.mark) + size
            self._file.seek(place)
            self._outer = self._inner = Joined(b"", self._file)
            self._outer.passed = place
            self._waiting, self._ended = b"", False
            return
        while size > 0 and (piece := self.read(min(size, PIECE))):
            size -= len(piece)

    def close(self) -> None:
        """Close the file."""
        if self.name != STANDARD:
            self._file.close()

    def _decoded(self, raw: bytes, *, final: bool) -> bytes:
        return raw if self._decoder is None else self._decoder.decode(raw, final=final)

    def _fill(self, file: IO[bytes] | io.RawIOBase, size: int) -> bytes:
        """Read exactly ``size`` bytes, fewer only at the end."""
        pieces: list[bytes] = []
        while size > 0:
            try:
                piece = file.read(size)
            except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
                raise InputError(
                    f"{self.name}: cannot be read on after byte {self._file_position()} ({error}). "
                    "The file is damaged or cut off: get it again"
                ) from None
            if not piece:
                break
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def _file_position(self) -> int:
        return self._outer.passed if hasattr(self, "_outer") else 0


class TextReader:
    """What readers of a text share: how far they are is counted in bytes of the file, as it lies on disk."""

    unit: Final = "bytes"

    def __init__(self, source: TextSource) -> None:
        self.source = source

    @property
    def total(self) -> int | None:
        """Bytes of the file; None where that is not known, as through a pipe."""
        return self.source.total

    @property
    def passed(self) -> int:
        """Bytes read so far."""
        return self.source.passed

    def close(self) -> None:
        """Close the file."""
        self.source.close()


def _size(file: IO[bytes]) -> int | None:
    """Return how many bytes a file holds; None for pipes."""
    try:
        return os.fstat(file.fileno()).st_size if file.seekable() else None
    except OSError:
        return None
