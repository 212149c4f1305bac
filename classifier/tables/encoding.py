"""Which encoding a text is in, and the way from it to UTF-8."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Final

from classifier.errors import InputError, UsageError

UTF8: Final = "utf-8"
WINDOWS: Final = "windows-1252"

_BOMS: Final = ((codecs.BOM_UTF8, UTF8), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_UNASSIGNED: Final = dict.fromkeys((0x81, 0x8D, 0x8F, 0x90, 0x9D))
_ORDINARY: Final = frozenset(b"\t\n\r\f\x1a")


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding by name, and the mark at the start of the text (empty where there is none)."""

    name: str
    mark: bytes = b""

    def __str__(self) -> str:
        return f"{self.name} with a byte order mark" if self.mark else self.name


def detect(name: str, head: bytes, whole: bool) -> Encoding:
    """Tell the encoding of a text by its first bytes; ``whole`` says that there are no more.

    UTF-8 and UTF-16 with or without a mark are known by their form; what is none of them is
    Windows-1252. Raises InputError for what is no text at all.
    """
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return Encoding(encoding, mark)
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd * 5 > len(head) and even * 50 < len(head):
        return Encoding("utf-16-le")
    if even * 5 > len(head) and odd * 50 < len(head):
        return Encoding("utf-16-be")
    if _is_utf8(head, whole):
        return Encoding(UTF8)
    controls = sum(head.count(byte) for byte in range(32) if byte not in _ORDINARY)
    if controls * 20 > len(head):
        raise InputError(f"{name}: must be text, got a binary file. Give a CSV, TSV, JSONL, Parquet or Excel table")
    return Encoding(WINDOWS)


def _is_utf8(head: bytes, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder(UTF8)().decode(head, final=whole)
    except UnicodeDecodeError:
        return False
    return True


def given(name: str, head: bytes) -> Encoding:
    """Return the encoding that the user names, with its mark if the text starts with one."""
    try:
        codec = codecs.lookup(name).name
        "".encode(codec)
    except (LookupError, ValueError):
        raise UsageError(
            f"--encoding: must be an encoding that Python knows, such as utf-8, utf-16 or windows-1252, got {name!r}. "
            "Leave it out to have it found"
        ) from None
    wanted = {"utf-8-sig": UTF8, "cp1252": WINDOWS}.get(codec, codec)
    for mark, encoding in _BOMS:
        if head.startswith(mark) and wanted in {encoding, "utf-16"}:
            return Encoding(encoding, mark)
    return Encoding("utf-16-le" if wanted == "utf-16" else wanted)


class Decoder:
    """From pieces of an encoded text to pieces of UTF-8.

    Windows-1252 reads every byte, as browsers do. Elsewhere, what cannot be decoded becomes
    the replacement character U+FFFD.
    """

    def __init__(self, encoding: Encoding) -> None:
        self._decoder = None if encoding.name == WINDOWS else codecs.getincrementaldecoder(encoding.name)("replace")

    def decode(self, piece: bytes, *, final: bool) -> bytes:
        """Return the UTF-8 of the next piece; ``final`` says that it is the last."""
        if self._decoder is not None:
            return self._decoder.decode(piece, final).encode("utf-8", "replace")
        return codecs.charmap_decode(piece, "strict", _WINDOWS_TABLE)[0].encode()


_WINDOWS_TABLE: Final = "".join(
    chr(byte) if byte in _UNASSIGNED else bytes([byte]).decode("cp1252") for byte in range(256)
)
