from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings

from classifier.normalise import EXPANSION, SKIPPED, blank_markup, folding_table, markup, tokens
from tests.texts import EDGES, anything, messy


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("CI/CD pipelines", ["ci", "cd", "pipelines"]),
        ("a b cd", ["cd"]),
        ("K8s, ipv6 and x86_64", ["k8s", "ipv6", "and", "x86", "64"]),
        ("d\u00e9j\u00e0 vu", ["deja", "vu"]),
        ("de\u0301ja\u0300 vu", ["deja", "vu"]),
        ("\uff33\uff32\uff25 on-call", ["sre", "on", "call"]),
        ("\ufb01rewall", ["firewall"]),
        ("so\u00adft\u200bhyphen", ["softhyphen"]),
        ("stra\u00dfe", ["stra\u00dfe"]),
        ("deploy\U0001f680now", ["deploy", "now"]),
        ("<b>On-call</b>&nbsp;rota", ["on", "call", "rota"]),
        ("on<br>call", ["on", "call"]),
        ("<script>cloud()</script>sre", ["sre"]),
        ("<style>.x{}</style>sre", ["sre"]),
        ("<!-- cloud -->sre", ["sre"]),
        ("<script>never closed", ["never", "closed"]),
        ("1 < 2 and 3 > 2 here", ["and", "here"]),
        ("R&D at AT&T", ["at", "at"]),
        ("", []),
    ],
)
def test_tokens(text: str, wanted: list[str]) -> None:
    assert tokens(text) == wanted


@settings(max_examples=300, deadline=None, derandomize=True)
@given(text=anything | messy)
def test_blanking_markup_keeps_every_offset(text: str) -> None:
    plain = blank_markup(text)
    assert len(plain) == len(text)
    assert all(new in {old, " "} for old, new in zip(text, plain, strict=True))
    spans = list(markup(text))
    assert all(start < end for start, end in spans)
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(spans))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(text=anything)
def test_tokens_are_two_letters_or_more_and_hold_no_space(text: str) -> None:
    assert all(len(word) > 1 and " " not in word for word in tokens(text))


@pytest.mark.parametrize("piece", ["<", "&", "<!--", "<script ", "<style>", "</", "<a", "&#x", "<!-- -->"])
def test_time_grows_with_the_length_alone(piece: str) -> None:
    start = time.perf_counter()
    tokens(piece * (400_000 // len(piece)))
    assert time.perf_counter() - start < 5


def test_the_folding_table_folds_ascii_to_itself_in_lower_case() -> None:
    table, expansions = folding_table()
    for code in range(128):
        letter = chr(code)
        assert table[code] == (ord(letter.lower()) if letter.isalnum() else 0)
    assert table[0x200B] == SKIPPED
    rows = table[table >= EXPANSION] - EXPANSION
    assert rows.max() < len(expansions)


def test_edges_are_read_without_an_error() -> None:
    assert all(isinstance(tokens(text), list) for text in EDGES)
