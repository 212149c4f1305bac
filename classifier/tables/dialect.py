"""How a CSV separates and quotes its fields: found from its first rows, or given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa

from classifier.errors import UsageError
from classifier.tables import scan
from classifier.tables.scan import Bytes, Ints

DELIMITERS: Final = (",", ";", "\t", "|")
"""The delimiters that are looked for; the first wins where nothing tells them apart."""

SAMPLE: Final = 1 << 18
"""Bytes that a dialect is told by."""

SAMPLE_ROWS: Final = 1000

NO_QUOTE: Final = 256
"""What no byte equals: the quote of a dialect without quotes."""

_NAMES: Final = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}


@dataclass(frozen=True, slots=True)
class Dialect:
    """A delimiter and a quote, one ASCII character each; ``quote`` is empty where fields are not quoted."""

    delimiter: str = ","
    quote: str = '"'

    def __str__(self) -> str:
        delimiter = "tab" if self.delimiter == "\t" else repr(self.delimiter)
        return f"delimiter {delimiter}, quote {self.quote or 'none'}"

    @property
    def codes(self) -> tuple[int, int]:
        """The two as bytes, for the compiled passes."""
        return ord(self.delimiter), ord(self.quote) if self.quote else NO_QUOTE

    def quoted(self, value: bytes) -> bytes:
        """Return a value as a quoted field; without a quote, delimiters and line ends become spaces."""
        if self.quote:
            quote = self.quote.encode()
            return quote + value.replace(quote, quote * 2) + quote
        for byte in (self.delimiter.encode(), b"\r", b"\n"):
            value = value.replace(byte, b" ")
        return value


def given_delimiter(value: str) -> str:
    """Return the delimiter that an option names; raise UsageError for what can be none."""
    found = _NAMES.get(value.lower(), value)
    if len(found) != 1 or not found.isascii() or found in "\r\n\"'" or found.isalnum():
        raise UsageError(
            f"--delimiter: must be one ASCII character that is no letter, digit, quote or line end, or one of "
            f"{', '.join(sorted(_NAMES))}, got {value!r}. Leave it out to have it found"
        )
    return found


def given_quote(value: str) -> str:
    """Return the quote that an option names, '' for ``none``; raise UsageError for what can be none."""
    if value == "none":
        return ""
    if value not in {'"', "'"}:
        raise UsageError(f"--quote: must be \", ' or none, got {value!r}. Leave it out to have it found")
    return value


def detect(sample: bytes, *, whole: bool, delimiter: str | None = None, quote: str | None = None) -> Dialect:
    """Tell the dialect of a CSV by its first bytes; ``delimiter`` and ``quote`` are kept where given.

    The delimiter is the one with which most rows have as many fields as the first, and more
    than one. Single quotes are quotes only where that makes the rows more regular.
    """
    sample, whole = sample[:SAMPLE], whole and len(sample) <= SAMPLE
    delimiters = DELIMITERS if delimiter is None else (delimiter,)
    if quote is not None:
        return _most_regular(sample, whole, delimiters, quote)[0]
    usual, score = _most_regular(sample, whole, delimiters, '"')
    single, other = _most_regular(sample, whole, delimiters, "'")
    return single if other[0] > score[0] + 0.1 and _opens_with(sample, single) else usual


def _most_regular(
    sample: bytes, whole: bool, delimiters: tuple[str, ...], quote: str
) -> tuple[Dialect, tuple[float, int]]:
    """Return the dialect with this quote that suits the rows best, and how well it does."""
    scores = [_regularity(sample, whole, Dialect(delimiter, quote)) for delimiter in delimiters]
    best = max(range(len(scores)), key=scores.__getitem__)
    return Dialect(delimiters[best], quote), scores[best]


def _regularity(sample: bytes, whole: bool, dialect: Dialect) -> tuple[float, int]:
    """Return the share of rows with as many fields as the first, and that number; (0, 1) where it is one."""
    counts = fields(sample, dialect, whole=whole)[0][:, scan.FIELDS]
    if not counts.size or counts[0] == 1:
        return 0.0, 1
    return float(np.mean(counts == counts[0])), int(counts[0])


def _opens_with(sample: bytes, dialect: Dialect) -> bool:
    """Whether a field of the sample starts with the dialect's quote."""
    quote = dialect.quote.encode()
    return sample.startswith(quote) or any(mark + quote in sample for mark in (b"\n", dialect.delimiter.encode()))


def fields(
    data: bytes, dialect: Dialect, *, whole: bool, columns: int = 0, limit: int = SAMPLE_ROWS
) -> tuple[Ints, Ints, int]:
    """Find the first rows of some bytes: rows and spans as :func:`scan.scan` fills them, and the end.

    ``columns`` is how many of the fields of each row are noted.
    """
    rows, spans = np.zeros((limit, 4), np.int64), np.zeros((limit, columns, 3), np.int64)
    view = np.frombuffer(data, np.uint8)
    delimiter, quote = dialect.codes
    slots = np.arange(columns)
    count, end = scan.scan(view, 0, len(data), whole, False, delimiter, quote, slots, rows, spans)
    return rows[:count], spans[:count], end


def values(data: Bytes, spans: Ints, dialect: Dialect) -> pa.Array:
    """Return the values of the fields ``spans`` (n, 3) as Arrow bytes."""
    spans = np.ascontiguousarray(spans)
    out = np.empty(int((spans[:, 1] - spans[:, 0]).sum()), np.uint8)
    offsets = np.empty(len(spans) + 1, np.int64)
    scan.gather(data, spans, dialect.codes[1], out, offsets)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(out)]
    return pa.Array.from_buffers(pa.large_binary(), len(spans), buffers)


def header(data: bytes, dialect: Dialect, *, whole: bool) -> tuple[list[str], int, int, int]:
    """Return the fields of the first row, where it starts and ends, and where the next one starts."""
    found, _, _ = fields(data, dialect, whole=whole, limit=1)
    if not len(found):
        return [], 0, 0, 0
    count = int(found[0, scan.FIELDS])
    found, spans, end = fields(data, dialect, whole=whole, columns=count, limit=1)
    names = values(np.frombuffer(data, np.uint8), spans[0], dialect).to_pylist()
    return [name.decode("utf-8", "replace") for name in names], int(found[0, 0]), int(found[0, 1]), end


def with_quote(dialect: Dialect) -> Dialect:
    """Return the dialect with double quotes where it has none: to write what needs quoting."""
    return dialect if dialect.quote else replace(dialect, quote='"')
