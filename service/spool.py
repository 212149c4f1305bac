"""Put a file that is sent on disk, unpacked, never more than is allowed, and away again afterwards."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from classifier import InputError
from classifier.tables.formats import format_of
from classifier.tables.parquet import unpacked
from service.body import check_length, check_type
from service.problems import Problem, refuse
from service.settings import Settings

MULTIPART: Final = "multipart/form-data"
FORMATS: Final = {
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "application/jsonl": "jsonl",
    "application/x-ndjson": "jsonl",
    "application/x-jsonlines": "jsonl",
    "application/vnd.apache.parquet": "parquet",
    "application/x-parquet": "parquet",
}
"""The media types of tables and the formats they mean."""

TYPES: Final = {"csv": "text/csv; charset=utf-8", "tsv": "text/tab-separated-values; charset=utf-8",
                "jsonl": "application/x-ndjson", "parquet": "application/vnd.apache.parquet"}  # fmt: skip
"""The media types of what is sent back."""

_ENDINGS: Final = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
_PIECE: Final = 1 << 16
_HEAD: Final = 4096
"""Bytes that tell the format of a table where nothing else does."""
_LINE: Final = 64 << 20
"""Bytes in which a line must end."""

_PARQUET: Final = b"PAR1"
_PACKED: Final = {b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zXZ": "xz", b"BZh": "bzip2", b"PK\x03\x04": "zip"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A table on disk, and its format: as its type or name said, or else as its content looks."""

    path: Path
    format: str


async def receive(request: Request, settings: Settings, folder: Path) -> Upload:
    """Put the body, or the one file of a form, into ``folder``; raise Problem where that is not allowed."""
    kind = check_type(request, MULTIPART, *FORMATS, "application/gzip", "application/octet-stream")
    check_length(request, settings.max_upload)
    path = folder / "table"
    pieces = _limited(request, settings)
    with path.open("wb") as file:
        sink = _Sink(file, settings.max_unpacked)
        if kind == MULTIPART:
            known = await _from_form(request, pieces, sink)
        else:
            known = FORMATS.get(kind, "")
            async for piece in pieces:
                sink.write(piece)
            sink.close()
    await run_in_threadpool(_check_unpacked, path, settings.max_unpacked)
    return Upload(path, known or await run_in_threadpool(_by_content, path))


def _by_content(path: Path) -> str:
    with path.open("rb") as file:
        return format_of(file.read(_HEAD))


def _check_unpacked(path: Path, most: int) -> None:
    """Raise Problem where a file is Parquet, which is packed inside, and not whole or too large when unpacked."""
    with path.open("rb") as file:
        if file.read(len(_PARQUET)) != _PARQUET:
            return
    try:
        size = unpacked(str(path), most)
    except InputError:
        raise refuse(400, "body", "a whole Parquet file", "one that is damaged or cut off") from None
    if size > most:
        raise refuse(413, "body", f"at most {most} bytes when unpacked", "more")


async def _limited(request: Request, settings: Settings) -> AsyncIterator[bytes]:
    """Yield the pieces of a body while they are few enough and come soon enough."""
    size, stream = 0, aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(settings.idle_seconds):
                piece = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            wanted = f"sent without a pause of {settings.idle_seconds:g} seconds"
            raise refuse(408, "body", wanted, f"{size} bytes until then") from None
        except ClientDisconnect:
            raise Problem(400, "the connection was closed before the body was whole") from None
        size += len(piece)
        if size > settings.max_upload:
            raise refuse(413, "body", f"at most {settings.max_upload} bytes", "more", {"Connection": "close"})
        yield piece


async def _from_form(request: Request, pieces: AsyncIterator[bytes], sink: _Sink) -> str:
    """Write the one file of a form to the sink and return the format that its name or type says."""

    async def generated() -> AsyncIterator[bytes]:
        async for piece in pieces:
            yield piece

    try:
        form = await MultiPartParser(request.headers, generated(), max_files=1, max_fields=20).parse()  # type: ignore[arg-type]  # any iterator will do
    except (MultiPartException, KeyError, UnicodeDecodeError) as error:
        raise refuse(400, "body", "a form with one file", str(getattr(error, "message", error))[:100]) from None
    try:
        files = [value for value in form.values() if isinstance(value, UploadFile)]
        if not files:
            raise refuse(422, "body", "a form with one file", "a form without")
        while piece := await files[0].read(_PIECE):
            sink.write(piece)
        sink.close()
        name = (files[0].filename or "").lower().removesuffix(".gz")
        kind = (files[0].content_type or "").partition(";")[0].strip().lower()
        return _ENDINGS.get(Path(name).suffix) or FORMATS.get(kind, "")
    finally:
        await form.close()


class _Sink:
    """Writes what comes to a file, unpacked where it begins as gzip does."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self.file, self.most, self.size, self.line = file, most, 0, 0
        self.head: bytes | None = b""
        self.lines = True
        self.unpack: zlib._Decompress | None = None

    def write(self, piece: bytes) -> None:
        """Take the next piece."""
        if self.head is not None:
            self.head += piece
            if len(self.head) < 6:
                return
            piece = self._begin()
        if self.unpack is None:
            self._put(piece)
            return
        try:
            self._inflate(self.unpack, piece)
        except zlib.error as error:
            raise refuse(400, "body", "whole gzip", str(error)) from None

    def close(self) -> None:
        """Take the end."""
        if self.head is not None:
            self._put(self._begin())
        if self.unpack is not None and not self.unpack.eof:
            raise refuse(400, "body", "whole gzip", "an end too early")

    def _begin(self) -> bytes:
        head, self.head = self.head or b"", None
        if packed := next((name for magic, name in _PACKED.items() if head.startswith(magic)), ""):
            raise refuse(415, "body", "CSV, TSV, JSONL or Parquet, plain or packed with gzip", packed)
        if head.startswith(b"\x1f\x8b"):
            self.unpack = zlib.decompressobj(31)
        return head

    def _inflate(self, unpack: zlib._Decompress, piece: bytes) -> None:
        while piece:
            self._put(unpack.decompress(piece, _PIECE * 16))
            piece = unpack.unconsumed_tail
            if unpack.eof and unpack.unused_data.strip(b"\0"):  # gzip files may follow one another
                piece = unpack.unused_data
                self.unpack = unpack = zlib.decompressobj(31)

    def _put(self, piece: bytes) -> None:
        self.lines = self.lines and not (self.size == 0 and piece.startswith(_PARQUET))
        self.size += len(piece)
        if self.size > self.most:
            raise refuse(413, "body", f"at most {self.most} bytes when unpacked", "more", {"Connection": "close"})
        last = piece.rfind(b"\n")
        self.line = self.line + len(piece) if last < 0 else len(piece) - last
        if self.lines and self.line > _LINE:
            raise refuse(413, "body", f"lines of at most {_LINE} bytes", "a longer one", {"Connection": "close"})
        self.file.write(piece)
