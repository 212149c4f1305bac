"""The compiled pass: UTF-8 bytes to token counts to scores. No I/O, no strings, no policy.

A walk over the bytes hashes the tokens (:mod:`classifier.normalise` says what a token is); then
words, pairs and triples are looked up and counted. That these are two steps lets the processor
wait for many look-ups at once. The counts become sublinear term frequencies times inverse
document frequencies, L2-normalised, and are multiplied by the weights of every head: the
mathematics of scikit-learn's ``TfidfVectorizer(sublinear_tf=True)`` and ``LogisticRegression``,
to which a test holds it.

Where the text uses a role's name is noted on the way, and it is added up how strongly the
surroundings of each use speak for the text being about its own role.

Everything is compiled by numba without the interpreter lock, and cached on disk where the
disk can be written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import numba
import numpy as np

SKIPPED: Final = 1
EXPANSION: Final = 0xE000

STORED: Final = np.uint64(1 << 24)
"""What a table stores with a hash is below this: the number of a term, counted from 1, and flags."""
INDEX: Final = (1 << 20) - 1
"""The bits of what is stored that number the term; 0 is no term."""
LEADS: Final = 1 << 20
"""A flag: a triple that is a term begins with this pair."""
NAMES: Final = 1 << 21
"""A flag: the term is the name of a role or of another job."""
MODIFIES: Final = 1 << 22
"""A flag: the word may stand between an article and a role's name."""

MICRO: Final = 1e-6
"""Unit of the whole numbers in which a head's rows hold weights and inverse document frequencies."""
BLOCK: Final = 6
"""Weights of a row that are multiplied in one go over the terms of a text."""

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
"""Tokens held at once. A role named after this many words names no text."""
CARRIED: Final = 2
"""Tokens of the part before that are kept for the pairs and triples across the seam."""

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
def finish(value):  # type: ignore[no-untyped-def]
    """Spread what the letters of a word left in ``value`` over all bits: the word's hash."""
    value = (value ^ (value >> np.uint64(32))) * PRIME
    return value ^ (value >> np.uint64(29))


@compiled
def letter_hash(code):  # type: ignore[no-untyped-def]
    """Return 64 bits that look random for the code point of a folded letter."""
    return finish((np.uint64(code) + SEED) * PRIME)


@compiled
def join_letter(value, letter):  # type: ignore[no-untyped-def]
    """Add the hash of a letter to what those before it left."""
    return ((value << np.uint64(7)) | (value >> np.uint64(57))) ^ letter


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
                value = join_letter(value, letter_hash(letters[i]))
                continue
            value = finish(value)
            joined = value if words == 0 else mix(joined, value)
            words += 1
            value = SEED
        out[term] = joined
    return out


@compiled
def find(table, key):  # type: ignore[no-untyped-def]
    """Look a hash up: what :func:`fill` stored with it, or 0 where it is not there."""
    mask = np.uint64(table.size - 1)
    slot = key & mask
    entry = table[slot]
    while entry and (entry ^ key) >= STORED:
        slot = (slot + np.uint64(1)) & mask
        entry = table[slot]
    return np.int64(entry & (STORED - np.uint64(1)))


@compiled
def fill(table, hashes, stored):  # type: ignore[no-untyped-def]
    """Put hashes and what is stored with each (24 bits, not 0) into an empty table; False on a collision.

    An entry is the upper 40 bits of the hash and the stored bits; the lower bits say where it stands.
    """
    mask = np.uint64(table.size - 1)
    for index in range(hashes.size):
        key = hashes[index]
        slot = key & mask
        while table[slot]:
            if (table[slot] ^ key) < STORED:
                return False
            slot = (slot + np.uint64(1)) & mask
        table[slot] = (key & ~(STORED - np.uint64(1))) | np.uint64(stored[index])
    return True


@compiled
def sift(sieve, hashes):  # type: ignore[no-untyped-def]
    """Set the bit of every hash in the sieve."""
    for key in hashes:
        bit = _bit(sieve, key)
        sieve[bit >> np.uint64(6)] |= np.uint64(1) << (bit & np.uint64(63))


@compiled
def _bit(sieve, key):  # type: ignore[no-untyped-def]
    return (key >> np.uint64(17)) & np.uint64(sieve.size * 64 - 1)


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


_BEYOND_ASCII: Final = np.uint64(1)
_MARKUP: Final = np.uint64(2)
_ASCII: Final = np.zeros(256, np.uint64)
"""What each byte adds to the hash of its word: 0 for what separates words, or what else to do."""
_LETTERS: Final = np.r_[48:58, 97:123].astype(np.uint64)
_ASCII[_LETTERS] = cast("Any", finish).py_func((_LETTERS + SEED) * PRIME)  # as letter_hash, without compiling it here
_ASCII[65:91] = _ASCII[97:123]
_ASCII[128:] = _BEYOND_ASCII
_ASCII[[ord("<"), ord("&")]] = _MARKUP


@compiled
def _hash_words(data, i, end, fold, expansions, missing, walk, size, counted):  # type: ignore[no-untyped-def]
    """Hash the words from byte ``i`` on into ``walk[size:]`` until either has an end.

    Return where to go on and the new size; letters and those beyond ASCII are added to ``counted``.
    """
    letters = 0
    foreign = 0
    value = SEED
    length = 0
    room = walk.size - 1
    while i < end and size < room:
        letter = _ASCII[data[i]]
        i += 1
        if letter - np.uint64(1) < np.uint64(2):
            if letter == _MARKUP:
                i = max(i, markup_end(data, i - 1, end, missing))
                letter = np.uint64(0)
            else:
                code, width = _decode(data, i - 1, end)
                i += width - 1
                folded = np.int64(fold[code])
                if folded == SKIPPED:
                    continue
                if folded >= EXPANSION:
                    for part in expansions[folded - EXPANSION]:
                        if part:
                            value = join_letter(value, letter_hash(part))
                            length += 1
                            letters += 1
                            foreign += part > 127
                    continue
                letter = letter_hash(folded) if folded else np.uint64(0)
                foreign += folded > 127  # type: ignore[assignment]
        # Without a branch, so that the processor need not guess where words end.
        walk[size] = value
        ends = letter == 0
        letters += not ends
        size += ends & (length > 1)
        value = SEED if ends else join_letter(value, letter)
        length = 0 if ends else length + 1
    walk[size] = value
    size += length > 1
    counted[0] += letters
    counted[1] += foreign
    return i, size


@compiled
def _name_scores(walk, size, marks, words, cues, cue_weights, seen, scores):  # type: ignore[no-untyped-def]
    """Add to ``scores`` (five roles) what the surroundings of every name in the walk say.

    ``marks[i]`` is 0, or role + 1 + 8 * length where a name ends at token i. Each kind of
    surroundings counts once a role and text. Returned is how often one of the four roles is named.
    """
    count = 0
    count_of_roles = 0
    seen[:] = False
    used = np.zeros(5, np.bool_)
    place = np.zeros(11, np.uint64)
    for at in range(size):
        mark = np.int64(marks[at])
        if mark == 0:
            continue
        role = (mark & 7) - 1
        other = OTHER_JOB if role == 4 else np.uint64(0)
        start = at - (mark >> 3) + 1
        before = start - 1
        skipped = 0
        while before >= 0 and skipped < 4 and find(words, walk[before]) & MODIFIES:
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
                cue = find(cues, key) - 1
                if cue >= 0 and not seen[role, cue]:
                    seen[role, cue] = True
                    scores[role] += cue_weights[cue]
        used[role] = True
        count += 1
        count_of_roles += role < 4  # type: ignore[assignment]
    return count_of_roles


_LOGS: Final = 1.0 + np.log(np.arange(1.0, 257.0))
"""Sublinear term frequencies of counts from 1 on."""


@compiled
def _count(entry, counts, touched, held):  # type: ignore[no-untyped-def]
    """Count the term of a table's entry, and return its number and how many different ones there are.

    ``counts[0]`` is never 0, so that what is no term costs no branch and is not noted.
    """
    index = entry & INDEX
    touched[held] = index
    held += counts[index] == 0
    counts[index] += 1
    return index, held


@compiled
def score(  # type: ignore[no-untyped-def]
    data,
    offsets,
    fold,
    expansions,
    words,
    grams,
    sieve,
    name_roles,
    cues,
    cue_weights,
    rows,
    bias,
    counts,
    logits,
    names,
    stats,
):
    """Score the texts ``data[offsets[i]:offsets[i + 1]]`` into the rows of the last three arrays.

    ``words`` holds single words, ``grams`` pairs and triples, ``sieve`` a bit for each of the latter;
    ``rows`` and ``bias`` are those of a :class:`classifier.model.Head`. ``counts`` has a number for each
    row, all 0 before and after. ``logits`` (n, heads), ``names`` (n, 5) and ``stats`` (n, 5) are written.
    """
    last = rows.shape[1] - 1
    longest = 0
    for text in range(offsets.size - 1):
        longest = max(longest, offsets[text + 1] - offsets[text])
    room = min(MAX_WALK, longest // 2 + 2)  # a token and what separates it take three bytes or more
    most = min(rows.shape[0], 3 * room if room < MAX_WALK else rows.shape[0]) + 1
    counts[0] = 1
    touched = np.empty(most, np.int32)
    shares = np.empty(most, np.float64)
    walk = np.empty(room + 1, np.uint64)
    pairs = np.empty(room + 1, np.uint64)
    ends = np.empty(room + 1, np.int32)
    marks = np.zeros(room + 1, np.uint8)
    seen = np.zeros((5, max(cue_weights.size, 1)), np.bool_)
    missing = np.zeros(3, np.bool_)
    counted = np.zeros(2, np.int64)
    for text in range(offsets.size - 1):
        i, end = offsets[text], offsets[text + 1]
        missing[:] = False
        counted[:] = 0
        tokens = 0
        known = 0
        held = 0
        roles_named = 0
        size = 0
        while i < end:
            carried = min(size, CARRIED)
            for at in range(carried):
                walk[at] = walk[size - carried + at]
            i, size = _hash_words(data, i, end, fold, expansions, missing, walk, carried, counted)
            named = False
            for at in range(carried, size):
                walk[at] = finish(walk[at])
                entry = find(words, walk[at])
                index, held = _count(entry, counts, touched, held)
                known += index > 0
                if entry & NAMES:
                    marks[at] = name_roles[index - 1] + 8
                    named = True
            # Most pairs are no terms. To sort these out without a branch keeps the processor from guessing wrong.
            waiting = 0
            for at in range(1, size):
                joined = mix(walk[at - 1], walk[at])
                bit = _bit(sieve, joined)
                pairs[waiting] = joined
                ends[waiting] = at
                there = (sieve[bit >> np.uint64(6)] >> (bit & np.uint64(63))) & np.uint64(1)
                waiting += np.int64(there)  # type: ignore[assignment]
            for number in range(waiting):
                at = ends[number]
                entry = find(grams, pairs[number])
                if at >= carried:
                    index, held = _count(entry, counts, touched, held)
                    if entry & NAMES:
                        marks[at] = max(marks[at], name_roles[index - 1] + 16)
                        named = True
                if entry & LEADS and at + 1 < size:
                    entry = find(grams, mix(pairs[number], walk[at + 1]))
                    index, held = _count(entry, counts, touched, held)
                    if entry & NAMES:
                        marks[at + 1] = max(marks[at + 1], name_roles[index - 1] + 24)
                        named = True
            if named:
                if tokens == 0:
                    roles_named = _name_scores(walk, size, marks, words, cues, cue_weights, seen, names[text])
                marks[:size] = 0
            tokens += size - carried
        square = 0.0
        for k in range(held):
            index = touched[k]
            count = counts[index]
            counts[index] = 0
            share = (_LOGS[count - 1] if count <= 256 else 1.0 + np.log(np.float64(count))) * rows[index, last]
            square += share * share
            shares[k] = share
        _multiply(rows, bias, touched, shares, held, MICRO / np.sqrt(square) if square > 0.0 else 0.0, logits[text])
        stats[text, 0] = tokens
        stats[text, 1] = known
        stats[text, 2] = counted[0]
        stats[text, 3] = counted[1]
        stats[text, 4] = roles_named
    counts[0] = 0


@compiled
def _multiply(rows, bias, touched, shares, held, scale, logits):  # type: ignore[no-untyped-def]
    """Write the logits of a text: the shares of its terms times their weights, by blocks of heads."""
    for first in range(0, bias.size, BLOCK):
        a = b = c = d = e = f = 0.0
        for k in range(held):
            index = touched[k]
            share = shares[k]
            a += share * rows[index, first]
            b += share * rows[index, first + 1]
            c += share * rows[index, first + 2]
            d += share * rows[index, first + 3]
            e += share * rows[index, first + 4]
            f += share * rows[index, first + 5]
        for head, total in enumerate((a, b, c, d, e, f)):
            if first + head < bias.size:
                logits[first + head] = total * scale + bias[first + head]


@compiled
def hash_cue(salt, words):  # type: ignore[no-untyped-def]
    """Hash a kind of surroundings: its salt, then the hashes of its words."""
    value = salt
    for word in words:
        value = mix(value, word)
    return value


@compiled
def find_all(table, hashes):  # type: ignore[no-untyped-def]
    """Look many hashes up: the numbers of their terms, counted from 0, or -1 where one is no term."""
    out = np.empty(hashes.size, np.int64)
    for i in range(hashes.size):
        out[i] = (find(table, hashes[i]) & INDEX) - 1
    return out


@compiled
def blend(logits, names, stats, naming, other_jobs, unnamed, temperature):  # type: ignore[no-untyped-def]
    """Return the five logits (n, 5) of what was read; :class:`classifier.model.Blend` says what the others mean."""
    roles = names.shape[1]
    none = roles - 1
    out = np.empty((logits.shape[0], roles))
    for text in range(logits.shape[0]):
        ad = 1.0 / (1.0 + np.exp(-logits[text, 2 * roles]))
        ticket = 1.0 - ad
        named = ad * naming[0] + ticket * naming[1]
        divisor = ad * temperature[0] + ticket * temperature[1]
        for role in range(roles):
            name = names[text, role] * (other_jobs if role == none else 1.0)
            value = ad * logits[text, role] + ticket * logits[text, roles + role] + named * name
            if role == none and stats[text, 4] == 0:
                value += ad * unnamed[0] + ticket * unnamed[1]
            out[text, role] = value / divisor
    return out


@compiled
def softmax(logits):  # type: ignore[no-untyped-def]
    """Return rows of probabilities that sum to 1."""
    out = np.empty_like(logits)
    for row in range(logits.shape[0]):
        largest = logits[row].max() if logits.shape[1] else 0.0
        total = 0.0
        for column in range(logits.shape[1]):
            out[row, column] = np.exp(logits[row, column] - largest)
            total += out[row, column]
        for column in range(logits.shape[1]):
            out[row, column] /= total
    return out
