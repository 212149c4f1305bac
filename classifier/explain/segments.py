"""Cut texts into segments: lines first, sentences second. Compiled, on the bytes as they were sent.

A segment ends with its line, where a block of HTML begins or ends, before a bullet, and where a
sentence does. Segments lie end to end: together they are the text. One cut serves a single
explanation and a column of a million texts alike, which is why spaCy's own sentences are not used:
they need its tokens, and 8 ms for an ad.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.kernel import compiled, markup_end
from classifier.model import Texts

Ints = npt.NDArray[np.int64]

_BLOCKS: Final = (
    "address article aside blockquote body br dd div dl dt footer form h1 h2 h3 h4 h5 h6 head header hr html li "
    "main nav ol option p pre section table tbody td tfoot th thead title tr ul"
)
_NEVER: Final = "eg ie vs mr mrs ms dr sr jr approx incl prof dept cf"
_PERHAPS: Final = "etc inc ltd co corp no min max st yrs est fig vol"


def _spelled(words: str) -> Ints:
    """Return words as :func:`_word` reads them, in order."""
    found = []
    for word in words.split():
        value = 0
        for byte in word.encode():
            value = value * 64 + byte - 32
        found.append(value)
    return np.array(sorted(found), np.int64)


BLOCK_TAGS: Final = _spelled(_BLOCKS)
"""Tags of HTML that begin or end a line."""
NEVER: Final = _spelled(_NEVER)
"""Abbreviations that end no sentence."""
PERHAPS: Final = _spelled(_PERHAPS)
"""Abbreviations that end a sentence where a capital follows."""

LONGEST: Final = 10


@compiled
def _alnum(byte):  # type: ignore[no-untyped-def]
    return 48 <= byte <= 57 or 97 <= (byte | 32) <= 122 or byte >= 128


@compiled
def _word(data, start, end):  # type: ignore[no-untyped-def]
    """Return a short word of ASCII as a number, in lower case; -1 if it is long."""
    if end - start > LONGEST:
        return -1
    value = 0
    for i in range(start, end):
        byte = np.int64(data[i])
        if 65 <= byte <= 90:
            byte += 32
        value = value * 64 + byte - 32  # type: ignore[assignment]
    return value


@compiled
def _among(words, word):  # type: ignore[no-untyped-def]
    place = np.searchsorted(words, word)
    return place < words.size and words[place] == word


@compiled
def _is_block(data, start, end):  # type: ignore[no-untyped-def]
    """Whether the tag that starts here begins or ends a line."""
    i = start + 1
    if i < end and data[i] == 47:
        i += 1
    first = i
    while i < end and (48 <= data[i] <= 57 or 97 <= (data[i] | 32) <= 122):
        i += 1
    return _among(BLOCK_TAGS, _word(data, first, i))


@compiled
def _is_bullet(data, i, end):  # type: ignore[no-untyped-def]
    """Whether a bullet stands here."""
    if i + 2 >= end or data[i] != 0xE2:
        return False
    second, third = data[i + 1], data[i + 2]
    dots = second == 0x80 and (third == 0xA2 or third == 0xA3)
    shapes = second == 0x97 and (third == 0x8F or third == 0xA6 or third == 0x8B)
    return dots or shapes or (second == 0x96 and (third == 0xAA or third == 0xA0 or third == 0xB8))


@compiled
def _space(data, i, end):  # type: ignore[no-untyped-def]
    """Return the width of the white space here, 0 if there is none."""
    if data[i] == 32 or 9 <= data[i] <= 13:
        return 1
    return 2 if data[i] == 0xC2 and i + 1 < end and data[i + 1] == 0xA0 else 0


@compiled
def _upper(data, i, end):  # type: ignore[no-untyped-def]
    return i < end and 65 <= data[i] <= 90


@compiled
def _is_dash(data, i, start, end):  # type: ignore[no-untyped-def]
    """Whether a dash or star stands here as a bullet does: space on both sides, then a capital."""
    if i <= start or not (data[i - 1] == 32 or data[i - 1] == 9):
        return False
    width = 1 if data[i] == 45 or data[i] == 42 else 0
    if data[i] == 0xE2 and i + 2 < end and data[i + 1] == 0x80 and (data[i + 2] == 0x93 or data[i + 2] == 0x94):
        width = 3
    return width > 0 and i + width < end and data[i + width] == 32 and _upper(data, i + width + 1, end)


@compiled
def _stops(data, start, i, after, end):  # type: ignore[no-untyped-def]
    """Whether the full stop at ``i`` ends a sentence that goes on at ``after``, behind white space."""
    first = i
    dotted = False
    while first > start and (_alnum(data[first - 1]) or data[first - 1] == 46):
        first -= 1
        dotted |= data[first] == 46
    last = i
    digits = True
    while last > first and data[last - 1] != 46:
        last -= 1
        digits &= 48 <= data[last] <= 57
    size = i - last
    if size == 0:
        return i > start and not _space(data, i - 1, end)
    if (size == 1 and data[last] < 128) or (digits and size <= 2 and not dotted):
        return False
    word = _word(data, last, i)
    if _among(NEVER, word):
        return False
    begins = not (after < end and 97 <= data[after] <= 122)
    return begins if _among(PERHAPS, word) or size == 2 else True


@compiled
def _is_glued(data, start, i, end):  # type: ignore[no-untyped-def]
    """Whether a sentence ends here although no space follows: 'pipelines.Build'."""
    if i - start < 4 or i + 3 >= end or not 65 <= data[i + 1] <= 90:
        return False
    for place in (i - 4, i - 3, i - 2, i - 1, i + 2, i + 3):
        if not 97 <= data[place] <= 122:
            return False
    return True


@compiled
def _sentence_end(data, start, i, end):  # type: ignore[no-untyped-def]
    """Return where the next sentence starts if one ends with the mark at ``i``, else -1."""
    after = i + 1
    while after < end and (
        data[after] == 46 or data[after] == 33 or data[after] == 63 or data[after] == 34 or data[after] == 39
        or data[after] == 41 or data[after] == 93 or data[after] == 42
    ):  # fmt: skip
        after += 1
    if after + 2 < end and data[after] == 0xE2 and data[after + 1] == 0x80 and data[after + 2] in (0x99, 0x9D):
        after += 3
    if after >= end:
        return -1
    begins = after
    while begins < end and _space(data, begins, end):
        begins += _space(data, begins, end)
    if begins == after:
        return i + 1 if data[i] == 46 and after == i + 1 and _is_glued(data, start, i, end) else -1
    if data[i] == 46 and after == i + 1 and not _stops(data, start, i, begins, end):
        return -1
    return begins


@compiled
def _walk(data, offsets, cuts, first):  # type: ignore[no-untyped-def]
    """Write where segments start, and for each text how many started before it; return how many in all."""
    count = 0
    missing = np.zeros(3, np.bool_)
    for text in range(offsets.size - 1):
        first[text] = count
        start, end = offsets[text], offsets[text + 1]
        if start == end:
            continue
        missing[:] = False
        cuts[count] = start
        count += 1
        i = start
        while i < end:
            byte = data[i]
            at = -1
            step = i + 1
            if byte == 60 or byte == 38:
                stop = markup_end(data, i, end, missing)
                if stop > i:
                    step = stop
                    if byte == 60 and _is_block(data, i, end):
                        at = i
            elif byte == 10 or byte == 13:
                at = i + 1
            elif byte == 46 or byte == 33 or byte == 63:
                at = _sentence_end(data, start, i, end)
                while step < end and data[step] == byte:
                    step += 1
                step = max(step, at)
            elif byte == 0xE2 or byte == 45 or byte == 42:
                if _is_bullet(data, i, end) or _is_dash(data, i, start, end):
                    at = i
            if cuts[count - 1] < at < end:
                cuts[count] = at
                count += 1
            i = step
    first[offsets.size - 1] = count
    return count


@dataclass(frozen=True, slots=True)
class Segments:
    """Segments of n texts: ``texts`` holds them all; those of text i are ``first[i]`` up to ``first[i + 1]``."""

    texts: Texts
    first: Ints

    def owners(self) -> Ints:
        """Return the number of the text that each segment is part of."""
        owners: Ints = np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))
        return owners


def cut(texts: Texts) -> Segments:
    """Cut texts into segments; the bytes are not copied."""
    size = int(texts.offsets[-1] - texts.offsets[0])
    cuts = np.empty(size + 2, np.int64)
    first = np.empty(len(texts.offsets), np.int64)
    count = _walk(texts.data, texts.offsets, cuts, first)
    cuts[count] = texts.offsets[-1]
    return Segments(Texts(texts.data, cuts[: count + 1].copy()), first)
