"""How raw text becomes tokens: the folding table, and the same reading in plain Python.

The compiled kernel reads UTF-8 bytes with :func:`folding_table`; :func:`tokens` is its
readable twin, used in training and held equal to it by a test. Nothing is rewritten before
the kernel reads it, so offsets always point into the text as sent.

A token is a run of letters and digits, two or more long. Letters are lower-cased, stripped
of diacritics and folded to their compatibility form (Unicode Standard Annex 15, NFKD), so
that a composed letter, a decomposed one and a full-width one are the same. Marks and
invisible characters inside a word are skipped. HTML tags, comments, scripts, styles and
character references separate words and are no words themselves.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

SEPARATOR: Final = 0
SKIPPED: Final = 1
EXPANSION: Final = 0xE000
"""Folded values from here on name a row of the expansions: one letter that folds to several."""

_ASCII_TOKEN: Final = re.compile("[a-z0-9]{2,}")
_RUN: Final = re.compile("x+")
_BEYOND: Final = re.compile("[\U00010000-\U0010ffff]")
_MARKUP: Final = re.compile(
    r"<(?P<whole>!--|script(?=[ \t-\r/>])|style(?=[ \t-\r/>]))"
    r"|</?[A-Za-z!][^<>]*>"
    r"|&(?:[A-Za-z][A-Za-z0-9]{1,9}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});",
    re.IGNORECASE | re.ASCII,
)
_TAG: Final = re.compile(r"</?[A-Za-z!][^<>]*>")
_CLOSING: Final = {
    opening: re.compile(re.escape(closing), re.IGNORECASE | re.ASCII)
    for opening, closing in {"!--": "-->", "script": "</script", "style": "</style"}.items()
}


def _fold(character: str) -> str | None:
    """Return the folded letters of one character, '' to skip it, None for a separator."""
    category = unicodedata.category(character)
    if category in {"Mn", "Me", "Cf"}:
        return ""
    if not character.isalnum():
        return None
    letters = "".join(c for c in unicodedata.normalize("NFKD", character).lower() if c.isalnum())
    if len(letters) > 1 and unicodedata.normalize("NFKC", character) == character:
        return character.lower()[:1]  # a Hangul syllable stays one letter
    return letters or None


@cache
def folding_table() -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint16]]:
    """Return the folding of the Basic Multilingual Plane.

    The first array, of shape (65536,), maps a code point to its folded letter, to
    :data:`SEPARATOR`, to :data:`SKIPPED`, or from :data:`EXPANSION` on to a row of the second
    array, of shape (n, 4), which holds up to four letters, zero-filled. Code points beyond the
    plane (emoji, rare scripts) separate words.
    """
    table = np.zeros(0x10000, np.uint16)
    rows: dict[str, int] = {}
    for code in range(0x10000):
        if 0xD800 <= code < 0xF900:  # surrogates and private use
            continue
        letters = _fold(chr(code))
        if letters is None:
            continue
        if not letters:
            table[code] = SKIPPED
        elif len(letters) == 1 and 1 < ord(letters) < EXPANSION:
            table[code] = ord(letters)
        else:
            table[code] = EXPANSION + rows.setdefault(letters[:4], len(rows))
    expansions = np.zeros((max(len(rows), 1), 4), np.uint16)
    for letters, row in rows.items():
        kept = [ord(c) for c in letters if ord(c) < 0x10000]
        expansions[row, : len(kept)] = kept
    return table, expansions


@cache
def _translation() -> dict[int, str]:
    """Return the folding table as str.translate takes it: separators become a space."""
    table, expansions = folding_table()
    mapping: dict[int, str] = {}
    for code, value in enumerate(table.tolist()):
        if value == SEPARATOR:
            mapping[code] = " "
        elif value == SKIPPED:
            mapping[code] = ""
        elif value >= EXPANSION:
            mapping[code] = "".join(chr(c) for c in expansions[value - EXPANSION].tolist() if c)
        elif value != code:
            mapping[code] = chr(value)
    return mapping


def markup(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of every tag, comment, script, style and character reference.

    Time grows with the length of the text alone, whatever is left open in it.
    """
    at, missing = 0, set[str]()
    while found := _MARKUP.search(text, at):
        start, at = found.span()
        if found["whole"]:
            opening = found["whole"].lower()
            close = None if opening in missing else _CLOSING[opening].search(text, at)
            whole = close or _TAG.match(text, start)
            if close is None:
                missing.add(opening)
            if whole is None:
                continue
            at = whole.end()
        yield start, at


def blank_markup(text: str) -> str:
    """Replace HTML by as many spaces, so that what is left keeps its offsets.

    >>> blank_markup("<b>On-call</b>&nbsp;rota")
    '   On-call          rota'
    """
    parts, at = [], 0
    for start, end in markup(text):
        parts += [text[at:start], " " * (end - start)]
        at = end
    return "".join([*parts, text[at:]])


@cache
def _kinds() -> dict[int, str]:
    """Return, for str.translate, what may stand in a token: 'x' for what may, a space for what separates."""
    table, _ = folding_table()
    return {code: " " if value == SEPARATOR else "x" for code, value in enumerate(table.tolist())}


def token_spans(text: str) -> list[tuple[str, int, int]]:
    """Return the tokens of a text with start and end in it, in order.

    >>> token_spans("<b>On-call</b>")
    [('on', 3, 5), ('call', 6, 10)]
    """
    plain = _BEYOND.sub(" ", blank_markup(text))
    found = []
    for run in _RUN.finditer(plain.translate(_kinds())):
        word = plain[run.start() : run.end()].translate(_translation())
        if len(word) > 1:
            found.append((word, run.start(), run.end()))
    return found


def tokens(text: str) -> list[str]:
    """Return the tokens of a text, in order.

    >>> tokens("CI/CD &amp; <b>K8s</b>, déjà vu")
    ['ci', 'cd', 'k8s', 'deja', 'vu']
    """
    plain = blank_markup(text) if "<" in text or "&" in text else text
    if plain.isascii():
        return _ASCII_TOKEN.findall(plain.lower())
    folded = _BEYOND.sub(" ", plain).translate(_translation())
    return [word for word in folded.split(" ") if len(word) > 1]
