"""The compiled pass: UTF-8 bytes to token counts to scores. No I/O, no strings, no policy.

One walk over the bytes finds the tokens (:mod:`classifier.normalise` says what a token is),
looks words, pairs and triples up by 64-bit hash, and counts them. The counts become
sublinear term frequencies times inverse document frequencies, L2-normalised, and are
multiplied by the weights of every head at once: the mathematics of scikit-learn's
``TfidfVectorizer(sublinear_tf=True)`` and ``LogisticRegression``, to which a test holds it.

The same walk notes where the text uses a role's name and in what surroundings, and adds up
how strongly each use speaks for the text being about its own role.

Everything is compiled by numba without the interpreter lock, and cached on disk where the
disk can be written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numba
import numpy as np

SEPARATOR: Final = 0
SKIPPED: Final = 1
EXPANSION: Final = 0xE000

PRIME: Final = np.uint64(0x9E3779B97F4A7C15)
SEED: Final = np.uint64(0xCBF29CE484222325)

# Salts that keep the hashes of the surroundings of a name apart.
BEFORE, BEFORE_2, BEFORE_3, AFTER, AFTER_2, AROUND, PLACE, FIRST, FIRST_OF_ROLE, ANY, MODIFIED = (
    np.uint64(value) for value in range(101, 112)
)
OTHER_JOB: Final = np.uint64(64)
"""Added to a salt where the name is that of a job that is none of the four roles."""
EDGE: Final = np.uint64(7)

MAX_WALK: Final = 1 << 16
"""Tokens kept for the names: a role named after this many words names no text."""

STATS: Final = ("tokens", "known", "letters", "foreign", "names")
"""What is counted beside the scores: tokens, those in the vocabulary, letters, those beyond
ASCII, and names of the four roles."""


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile without the interpreter lock; cache on disk unless no place can be written."""
    try:
        return numba.njit(cache=True, nogil=True, boundscheck=False)(function)
    except RuntimeError:  # numba: no locator available, nothing on this machine can be written
        return numba.njit(nogil=True, boundscheck=False)(function)


@compiled
def mix(first, second):  # type: ignore[no-untyped-def]
    """Join two 64-bit hashes; the order counts."""
    value = (first ^ (second + PRIME + (first << np.uint64(6)) + (first >> np.uint64(2)))) * PRIME
    return value ^ (value >> np.uint64(29))


@compiled
def hash_terms(letters, offsets):  # type: ignore[no-untyped-def]
    """Hash terms of one to three words, given as code points with a space between words.

    The hash of a pair joins those of its words; that of a triple joins its pair and last word.
    """
    out = np.zeros(offsets.size - 1, np.uint64)
    for term in range(offsets.size - 1):
        words = 0
        joined = np.uint64(0)
        value = SEED
        for i in range(offsets[term], offsets[term + 1] + 1):
            if i < offsets[term + 1] and letters[i] != 32:
                value = (value ^ np.uint64(letters[i])) * PRIME
                value ^= value >> np.uint64(32)
                continue
            joined = value if words == 0 else mix(joined, value)
            words += 1
            value = SEED
        out[term] = joined
    return out


@compiled
def find(keys, values, sieve, key):  # type: ignore[no-untyped-def]
    """Look a hash up; -1 where it is not there. ``sieve`` holds a bit for every hash that is."""
    bit = (key >> np.uint64(17)) & np.uint64(sieve.size * 64 - 1)
    if not (sieve[bit >> np.uint64(6)] >> (bit & np.uint64(63))) & np.uint64(1):
        return -1
    mask = np.uint64(keys.size - 1)
    slot = key & mask
    while values[slot] >= 0:
        if keys[slot] == key:
            return values[slot]
        slot = (slot + np.uint64(1)) & mask
    return -1


@compiled
def build_table(hashes, keys, values, sieve):  # type: ignore[no-untyped-def]
    """Fill an open-addressing table (``values`` all -1) and its sieve; False on a collision."""
    mask = np.uint64(keys.size - 1)
    for index in range(hashes.size):
        key = hashes[index]
        slot = key & mask
        while values[slot] >= 0:
            if keys[slot] == key:
                return False
            slot = (slot + np.uint64(1)) & mask
        keys[slot] = key
        values[slot] = index
        bit = (key >> np.uint64(17)) & np.uint64(sieve.size * 64 - 1)
        sieve[bit >> np.uint64(6)] |= np.uint64(1) << (bit & np.uint64(63))
    return True


@compiled
def _letter(byte):  # type: ignore[no-untyped-def]
    return 97 <= (byte | 32) <= 122


@compiled
def _is_word(data, start, end, word):  # type: ignore[no-untyped-def]
    """Whether the bytes from ``start`` spell ``word`` (lower-case bytes), in any case."""
    if start + len(word) > end:
        return False
    for i in range(len(word)):
        byte = data[start + i]
        if 65 <= byte <= 90:
            byte |= 32
        if byte != word[i]:
            return False
    return True


_SCRIPT: Final = np.frombuffer(b"script", np.uint8)
_STYLE: Final = np.frombuffer(b"style", np.uint8)
_CLOSE_SCRIPT: Final = np.frombuffer(b"</script", np.uint8)
_CLOSE_STYLE: Final = np.frombuffer(b"</style", np.uint8)
_CLOSE_COMMENT: Final = np.frombuffer(b"-->", np.uint8)


@compiled
def _after(data, start, end, word):  # type: ignore[no-untyped-def]
    """Return where the next ``word`` ends from ``start`` on, or -1."""
    for i in range(start, end - len(word) + 1):
        if data[i] == word[0] and _is_word(data, i, end, word):
            return i + len(word)
    return -1


@compiled
def markup_end(data, start, end, missing):  # type: ignore[no-untyped-def]
    """Return where the markup that starts at ``start`` ends, or ``start`` if it is none.

    ``missing`` (three flags) remembers which closing marks the text has no more of, so that
    the time stays linear whatever is left open.
    """
    byte = data[start]
    if byte == 38:  # &
        i = start + 1
        if i < end and data[i] == 35:  # #
            i += 1
            hexadecimal = i < end and (data[i] | 32) == 120
            if hexadecimal:
                i += 1
            first = i
            while i < end and ((48 <= data[i] <= 57) or (hexadecimal and 97 <= (data[i] | 32) <= 102)):
                i += 1
            count = i - first
            if not 1 <= count <= (6 if hexadecimal else 7):
                return start
        else:
            first = i
            while i < end and (_letter(data[i]) or (i > first and 48 <= data[i] <= 57)):
                i += 1
            if not 2 <= i - first <= 10:
                return start
        return i + 1 if i < end and data[i] == 59 else start
    closing = -1
    if start + 4 <= end and data[start + 1] == 33 and data[start + 2] == 45 and data[start + 3] == 45:
        closing = 0
        stop = -1 if missing[0] else _after(data, start + 4, end, _CLOSE_COMMENT)
    elif _is_word(data, start + 1, end, _SCRIPT) and _ends_name(data, start + 7, end):
        closing = 1
        stop = -1 if missing[1] else _after(data, start + 7, end, _CLOSE_SCRIPT)
    elif _is_word(data, start + 1, end, _STYLE) and _ends_name(data, start + 6, end):
        closing = 2
        stop = -1 if missing[2] else _after(data, start + 6, end, _CLOSE_STYLE)
    else:
        stop = -1
    if stop >= 0:
        return stop
    if closing >= 0:
        missing[closing] = True
    i = start + 1
    if i < end and data[i] == 47:  # /
        i += 1
    if i >= end or not (_letter(data[i]) or data[i] == 33):
        return start
    while i < end and data[i] != 60 and data[i] != 62:
        i += 1
    return i + 1 if i < end and data[i] == 62 else start


@compiled
def _ends_name(data, i, end):  # type: ignore[no-untyped-def]
    """Whether a tag's name ends at ``i``."""
    return i < end and (data[i] == 62 or data[i] == 47 or data[i] == 32 or 9 <= data[i] <= 13)


@compiled
def _decode(data, i, end):  # type: ignore[no-untyped-def]
    """Return the code point that starts at ``i`` and its length in bytes; broken bytes are 0."""
    byte = data[i]
    if byte < 0xE0:
        if byte >= 0xC2 and i + 1 < end:
            return ((byte & 0x1F) << 6) | (data[i + 1] & 0x3F), 2
        return 0, 1
    if byte < 0xF0:
        if i + 2 < end:
            return ((byte & 0x0F) << 12) | ((data[i + 1] & 0x3F) << 6) | (data[i + 2] & 0x3F), 3
        return 0, 1
    return 0, min(4, end - i)


@compiled
def _name_scores(walk, marks, size, modifiers, keys, values, sieve, cue_weights, seen, scores):  # type: ignore[no-untyped-def]
    """Add to ``scores`` (five roles) what the surroundings of every name in the walk say.

    ``marks[i]`` is 0, or role + 1 + 8 * length where a name ends at token i. Each kind of
    surroundings counts once a role and text.
    """
    count = 0
    seen[:] = False
    used = np.zeros(5, np.bool_)
    place = np.zeros(11, np.uint64)
    for at in range(size):
        mark = marks[at]
        if mark == 0:
            continue
        role = (mark & 7) - 1
        other = OTHER_JOB if role == 4 else np.uint64(0)
        start = at - (mark >> 3) + 1
        before = start - 1
        skipped = 0
        while before >= 0 and skipped < 4 and modifiers[before]:
            before -= 1
            skipped += 1
        p1 = walk[before] if before >= 0 else EDGE
        p2 = walk[before - 1] if before >= 1 else EDGE
        p3 = walk[before - 2] if before >= 2 else EDGE
        n1 = walk[at + 1] if at + 1 < size else EDGE
        n2 = walk[at + 2] if at + 2 < size else EDGE
        bucket = 0
        rest = 1 + (start >> 3)
        while rest > 1 and bucket < 7:
            rest >>= 1
            bucket += 1
        place[0] = mix(other + BEFORE, p1)
        place[1] = mix(mix(other + BEFORE_2, p2), p1)
        place[2] = mix(mix(mix(other + BEFORE_3, p3), p2), p1)
        place[3] = mix(other + AFTER, n1)
        place[4] = mix(mix(other + AFTER_2, n1), n2)
        place[5] = mix(mix(other + AROUND, p1), n1)
        place[6] = mix(other + PLACE, np.uint64(bucket))
        place[7] = mix(other + MODIFIED, np.uint64(1 if skipped else 0))
        place[8] = mix(other + ANY, EDGE)
        place[9] = mix(other + FIRST, EDGE) if count == 0 else np.uint64(0)
        place[10] = mix(other + FIRST_OF_ROLE, EDGE) if not used[role] else np.uint64(0)
        for key in place:
            if key != 0:
                cue = find(keys, values, sieve, key)
                if cue >= 0 and not seen[role, cue]:
                    seen[role, cue] = True
                    scores[role] += cue_weights[cue]
        used[role] = True
        count += 1
    return count


@compiled
def score(  # type: ignore[no-untyped-def]
    data,
    offsets,
    fold,
    expansions,
    keys,
    values,
    sieve,
    idf,
    weights,
    bias,
    name_roles,
    modifiers,
    cue_keys,
    cue_values,
    cue_sieve,
    cue_weights,
    logits,
    names,
    stats,
):
    """Score the texts ``data[offsets[i]:offsets[i + 1]]`` into the rows of the last three arrays.

    ``logits`` (n, heads), ``names`` (n, 5) and ``stats`` (n, 5) are written, nothing else is.
    """
    heads = bias.size
    counts = np.zeros(idf.size, np.int32)
    touched = np.empty(idf.size, np.int32)
    walk = np.empty(MAX_WALK, np.uint64)
    marks = np.zeros(MAX_WALK, np.uint8)
    skips = np.zeros(MAX_WALK, np.bool_)
    seen = np.zeros((5, max(cue_weights.size, 1)), np.bool_)
    missing = np.zeros(3, np.bool_)
    logs = 1.0 + np.log(np.arange(1, 257).astype(np.float64))
    for text in range(offsets.size - 1):
        i, end = offsets[text], offsets[text + 1]
        missing[:] = False
        touched_count = 0
        tokens = 0
        known = 0
        letters = 0
        foreign = 0
        named = 0
        roles_named = 0
        previous = np.uint64(0)
        pair = np.uint64(0)
        value = SEED
        length = 0
        while True:
            letter = 0
            if i < end:
                byte = data[i]
                if byte < 128:
                    if 97 <= byte <= 122 or 48 <= byte <= 57:
                        letter = np.int64(byte)  # type: ignore[assignment]
                    elif 65 <= byte <= 90:
                        letter = np.int64(byte) + 32  # type: ignore[assignment]
                    i += 1
                    if byte == 60 or byte == 38:  # < &
                        stop = markup_end(data, i - 1, end, missing)
                        if stop > i:
                            i = stop
                else:
                    code, width = _decode(data, i, end)
                    i += width
                    letter = np.int64(fold[code])  # type: ignore[assignment]
                    if letter == SKIPPED:
                        continue
                    if letter >= EXPANSION:
                        row = letter - EXPANSION
                        for column in range(expansions.shape[1]):
                            part = expansions[row, column]
                            if part:
                                value = (value ^ np.uint64(part)) * PRIME
                                value ^= value >> np.uint64(32)
                                length += 1
                                if part > 127:
                                    foreign += 1
                        continue
                    if letter > 127:
                        foreign += 1
                if letter:
                    value = (value ^ np.uint64(letter)) * PRIME
                    value ^= value >> np.uint64(32)
                    length += 1
                    continue
            elif length == 0:
                break
            # A separator or the end of the text: a token may end here.
            if length > 1:
                index = find(keys, values, sieve, value)
                mark = 0
                skip = False
                if index >= 0:
                    known += 1
                    if counts[index] == 0:
                        touched[touched_count] = index
                        touched_count += 1
                    counts[index] += 1
                    if name_roles[index]:
                        mark = name_roles[index] + 8
                    skip = modifiers[index]
                if tokens > 0:
                    joined = mix(previous, value)
                    index = find(keys, values, sieve, joined)
                    if index >= 0:
                        if counts[index] == 0:
                            touched[touched_count] = index
                            touched_count += 1
                        counts[index] += 1
                        if name_roles[index]:
                            mark = name_roles[index] + 16
                    if tokens > 1:
                        index = find(keys, values, sieve, mix(pair, value))
                        if index >= 0:
                            if counts[index] == 0:
                                touched[touched_count] = index
                                touched_count += 1
                            counts[index] += 1
                            if name_roles[index]:
                                mark = name_roles[index] + 24
                    pair = joined
                previous = value
                if tokens < MAX_WALK:
                    walk[tokens] = value
                    marks[tokens] = mark
                    skips[tokens] = skip
                    if mark:
                        named += 1
                        roles_named += (mark & 7) < 5
                tokens += 1
            letters += length
            value = SEED
            length = 0
        square = 0.0
        for k in range(touched_count):
            index = touched[k]
            count = counts[index]
            weight = (logs[count - 1] if count <= 256 else 1.0 + np.log(np.float64(count))) * idf[index]
            square += weight * weight
            for head in range(heads):
                logits[text, head] += weight * weights[index, head]
            counts[index] = 0
        norm = 1.0 / np.sqrt(square) if square > 0.0 else 0.0
        for head in range(heads):
            logits[text, head] = logits[text, head] * norm + bias[head]
        if named:
            size = min(tokens, MAX_WALK)
            _name_scores(walk, marks, size, skips, cue_keys, cue_values, cue_sieve, cue_weights, seen, names[text])
        stats[text, 0] = tokens
        stats[text, 1] = known
        stats[text, 2] = letters
        stats[text, 3] = foreign
        stats[text, 4] = roles_named


@compiled
def hash_cue(salt, words):  # type: ignore[no-untyped-def]
    """Hash a kind of surroundings: its salt, then the hashes of its words."""
    value = salt
    for word in words:
        value = mix(value, word)
    return value


@compiled
def find_all(keys, values, sieve, hashes):  # type: ignore[no-untyped-def]
    """Look many hashes up; -1 where one is not there."""
    out = np.empty(hashes.size, np.int64)
    for i in range(hashes.size):
        out[i] = find(keys, values, sieve, hashes[i])
    return out
