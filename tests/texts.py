"""Texts that no one would write and everyone meets: made with a seed, and by hypothesis."""

from __future__ import annotations

import random
from typing import Final

from hypothesis import strategies as st

EDGES: Final = (
    "",
    " ",
    "\n",
    "a",
    "ab",
    "A1",
    "\x00",
    "\x00ab\x01cd",
    "...",
    "?!;--",
    "<",
    "&",
    "<b",
    "&amp",
    "&amp;",
    "&#0;",
    "&#x41;&#65;",
    "<script>cloud</script>sre",
    "<script>cloud",
    "<SCRIPT src=x>a b</ScRiPt >on call",
    "<style>.devops{}</style><p>on-call</p>",
    "<!-- devops --> sre",
    "<!-- never closed devops",
    "<!doctype html><title>cloud engineer</title>",
    "a < b and c > d",
    "1<2 terraform 3>2",
    "<<<>>>",
    "<br/>kubernetes<br>helm",
    "</p>ansible",
    "e\u0301tude \u00e9tude",
    "\ufb01rewall \u2167 \uff33\uff32\uff25",
    "\ud55c\uad6d\uc5b4 \uc11c\ubc84",
    "\u4e91\u8ba1\u7b97 \u5de5\u7a0b\u5e08",
    "so\u00adft\u200bhyphen\u2060ated",
    "\ufeffbyte order mark",
    "\U0001f680\U0001f680 deploy\U0001f680kubernetes",
    "\U00020000\U00020001",
    "\u0130stanbul \u0131\u015f\u0131k \u1e9e stra\u00dfe",
    "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd \u092d\u093e\u0930\u0924",
    "\ue000\uf8ff private",
    "word" * 20_000,
    "kubernetes " * 5_000,
    "<" * 50_000,
    "&" * 50_000,
    "<!--" * 10_000,
    "<script " * 10_000,
    "a b c d e f g h",
    "C++ C# .NET k8s ipv6 x86_64",
    "tab\tline\nreturn\rfeed\x0cvertical\x0b",
    "we are looking for a site reliability engineer",
    "devops sre platform engineer cloud engineer devops devops",
    "work with our devops and sre teams",
)
"""Edges that are always tried."""

_PIECES: Final = (
    "<", ">", "</", "<!--", "-->", "<script", "</script>", "<style>", "</style", "&", "&amp;", "&#", "&#x", ";", " ",
    " ", " ", "\n", "\t", "-", ".", ",", "'", "\u00e9", "e\u0301", "\ufb03", "\u00df", "\u0130", "\ud55c", "\u4e91",
    "\U0001f680", "\u200b", "\x00", "\x7f", "\u2028",
)  # fmt: skip


def made(words: list[str], count: int, seed: int) -> list[str]:
    """Return texts of words and of pieces of markup, punctuation and far scripts, the same for a seed."""
    chance = random.Random(seed)
    texts = []
    for _ in range(count):
        size = chance.choice([1, 2, 3, 8, 20, 60, 200])
        mess = chance.random() * 0.6
        parts = [chance.choice(_PIECES) if chance.random() < mess else chance.choice(words) + " " for _ in range(size)]
        texts.append("".join(parts))
    return texts


anything: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
"""Any text that UTF-8 can hold."""

messy: Final = st.lists(
    st.sampled_from([*_PIECES, "devops ", "sre ", "cloud engineer ", "a senior ", "team ", "aws ", "on call "]),
    max_size=40,
).map("".join)
"""Markup, punctuation and role names in any order."""
