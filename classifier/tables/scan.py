"""The compiled passes over the bytes of a CSV: find rows and fields, gather values, weave rows.

The rules are those of Python's ``csv`` module and so of most readers: a quote opens a field
only at its start, a doubled quote inside is a quote, what follows the closing quote belongs
to the value, and a row ends at LF, CR or CRLF outside quotes. One thing differs: a quote that
is never closed is an ordinary character, so that it does not swallow the rest of the file.

Blank lines are no rows. Everything runs without the interpreter lock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

Compiled = TypeVar("Compiled", bound=Callable[..., Any])

CR: Final = 13
LF: Final = 10

PLAIN: Final = 0
"""A field whose value is its bytes."""
QUOTED: Final = 1
"""A field whose value is its bytes between the first and the last, both quotes."""
ESCAPED: Final = 2
"""A quoted field with doubled quotes inside or something after the closing quote."""

START, END, FIELDS, UNCLOSED = range(4)
"""Columns of the rows that :func:`scan` fills."""


def compiled(function: Compiled) -> Compiled:
    """Compile without the interpreter lock; cache on disk unless no place can be written."""
    try:
        return cast("Compiled", numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:  # numba: no locator available, nothing on this machine can be written
        return cast("Compiled", numba.njit(nogil=True)(function))


@compiled
def _close(data: Bytes, start: int, stop: int, final: bool, quote: int) -> tuple[int, int]:
    """Return where the quoted field that opens at ``start`` ends, -1 if nowhere, and its kind."""
    i = start + 1
    kind = QUOTED
    while i < stop:
        if data[i] != quote:
            i += 1
        elif i + 1 < stop and data[i + 1] == quote:
            kind = ESCAPED
            i += 2
        elif i + 1 == stop and not final:
            break
        else:
            return i + 1, kind
    return -1, kind


@compiled
def scan(  # noqa: C901 - one state machine, kept whole for speed
    data: Bytes, start: int, stop: int, final: bool, forced: bool,
    delimiter: int, quote: int, slots: Ints, rows: Ints, spans: Ints,
) -> tuple[int, int]:  # fmt: skip
    """Find the whole rows of ``data[start:stop]``; return how many, and where the next one starts.

    ``final`` says that the input ends at ``stop``, ``forced`` that the first row has grown too
    long to wait for its closing quote. ``slots[column]`` is where in ``spans`` (rows, slots, 3:
    start, end, kind) the fields of a column go, or -1. ``rows`` (n, 4) holds start, end, number
    of fields, and 1 where a quote was never closed; no more than its length are found.
    """
    count, i = 0, start
    literal = -1
    while i < stop and count < rows.shape[0]:
        if data[i] == CR or data[i] == LF:
            i += 1
            continue
        record = i
        fields, unclosed = 0, 0
        while True:
            first, kind = i, PLAIN
            if i < stop and data[i] == quote and i != literal:
                end, kind = _close(data, i, stop, final, quote)
                if end < 0 and not final and not (forced and count == 0):
                    return count, record
                if end < 0:
                    literal, unclosed = i, 1
                    continue
                i = end
                if i < stop and data[i] != delimiter and data[i] != CR and data[i] != LF:
                    kind = ESCAPED
            while i < stop and data[i] != delimiter and data[i] != CR and data[i] != LF:
                i += 1
            if i == stop and not final:
                return count, record
            slot = slots[fields] if fields < slots.size else -1
            if slot >= 0:
                spans[count, slot, 0] = first
                spans[count, slot, 1] = i
                spans[count, slot, 2] = kind
            fields += 1
            if i == stop or data[i] != delimiter:
                break
            i += 1
        rows[count, START] = record
        rows[count, END] = i
        rows[count, FIELDS] = fields
        rows[count, UNCLOSED] = unclosed
        if i < stop and data[i] == CR:
            if i + 1 == stop and not final:
                return count, record  # a line feed may follow
            if i + 1 < stop and data[i + 1] == LF:
                i += 1
        i += 1
        count += 1
    return count, min(i, stop)


@compiled
def gather(data: Bytes, spans: Ints, quote: int, out: Bytes, offsets: Ints) -> None:
    """Write the values of fields (n, 3) one after another to ``out``, and their n + 1 ``offsets``.

    ``out`` must hold as many bytes as the fields have.
    """
    o = 0
    offsets[0] = 0
    for row in range(spans.shape[0]):
        i, end, kind = spans[row, 0], spans[row, 1], spans[row, 2]
        if kind == ESCAPED:
            i += 1
            inside = True
            while i < end:
                if inside and data[i] == quote:
                    i += 1
                    if i < end and data[i] == quote:
                        out[o] = quote
                        o += 1
                        i += 1
                    else:
                        inside = False
                    continue
                out[o] = data[i]
                o += 1
                i += 1
        else:
            if kind == QUOTED:
                i += 1
                end -= 1
            out[o : o + end - i] = data[i:end]
            o += end - i
        offsets[row + 1] = o


@compiled
def weave(data: Bytes, start: int, stop: int, ends: Ints, added: Bytes, offsets: Ints, out: Bytes) -> int:
    """Copy ``data[start:stop]`` to ``out`` with a piece of ``added`` put in at each of ``ends``.

    Returns how many bytes were written.
    """
    o, i = 0, start
    for row in range(ends.size):
        size = ends[row] - i
        out[o : o + size] = data[i : i + size]
        o += size
        i += size
        size = offsets[row + 1] - offsets[row]
        out[o : o + size] = added[offsets[row] : offsets[row] + size]
        o += size
    out[o : o + stop - i] = data[i:stop]
    return int(o + stop - i)
