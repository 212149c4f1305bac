from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from classifier.explain.evidence import spans
from classifier.explain.segments import cut
from classifier.model import Texts
from classifier.normalise import markup
from tests.texts import EDGES, anything, messy


def quotes(text: str) -> list[str]:
    """Return the segments of a text that hold anything."""
    return [piece.quote for piece in spans(text, cut(Texts.of([text]))) if piece.quote]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Run the on-call rota. Write postmortems.", ["Run the on-call rota.", "Write postmortems."]),
        ("one line\nanother line\r\nthird", ["one line", "another line", "third"]),
        ("- Write Terraform\n* Own the runners", ["Write Terraform", "Own the runners"]),
        ("Duties \u2022 Build images \u25cf Ship them", ["Duties", "Build images", "Ship them"]),
        ("<ul><li>Define SLOs</li><li>Page people</li></ul>", ["Define SLOs", "Page people"]),
        ("Use <b>Helm</b> charts <br>and more", ["Use <b>Helm</b> charts", "<br>and more"]),
        ("Tools, e.g. Terraform, i.e. code. Next one", ["Tools, e.g. Terraform, i.e. code.", "Next one"]),
        ("Acme Inc. hires people in the U.S. and elsewhere", ["Acme Inc. hires people in the U.S. and elsewhere"]),
        ("Known at Acme Inc. Apply now", ["Known at Acme Inc.", "Apply now"]),
        ("We write Node.js and .NET code, version 3.5 too", ["We write Node.js and .NET code, version 3.5 too"]),
        ("1. Design it\n2. Build it", ["1. Design it", "2. Build it"]),
        ("pods restart. need more quota", ["pods restart.", "need more quota"]),
        ("build pipelines.Deploy them", ["build pipelines.", "Deploy them"]),
        ("Really?! (Yes.) Good", ["Really?!", "(Yes.)", "Good"]),
        ("Apply - Build charts - Ship them", ["Apply", "Build charts", "Ship them"]),
        ("", []),
        ("\n\n", []),
    ],
)  # fmt: skip
def test_lines_first_and_sentences_second(text: str, expected: list[str]) -> None:
    stripped = [_plain(quote) for quote in quotes(text)]
    assert [quote for quote in stripped if quote] == [_plain(item) for item in expected if _plain(item)]


def _plain(text: str) -> str:
    for start, end in reversed(list(markup(text))):
        text = text[:start] + " " + text[end:]
    return " ".join(text.split())


def check(text: str) -> None:
    texts = Texts.of([text, "", text])
    found = cut(texts)
    offsets = found.texts.offsets
    assert offsets[0] == 0 or not len(texts.data)
    assert offsets[-1] == texts.offsets[-1]
    assert (np.diff(offsets) > 0).all()
    assert set(texts.offsets.tolist()) <= set(offsets.tolist())
    assert found.first[1] == found.first[2]
    assert (found.owners() != 1).all()
    pieces = spans(text, cut(Texts.of([text])))
    assert all(text[piece.start : piece.end] == piece.quote for piece in pieces)
    inside = [(start, end) for start, end in markup(text)]
    places = {len(texts.data[:offset].tobytes().decode("utf-8", "replace")) for offset in offsets[: found.first[1]]}
    assert not any(start < place < end for place in places for start, end in inside)


@given(anything)
def test_segments_tile_any_text_and_quote_it(text: str) -> None:
    check(text)


@given(messy)
def test_segments_never_part_markup(text: str) -> None:
    check(text)


@pytest.mark.parametrize("text", [text for text in EDGES if len(text) < 2000])
def test_segments_of_edges(text: str) -> None:
    check(text)


def test_a_column_is_cut_as_its_texts_are_alone() -> None:
    texts = ["One. Two.", "<p>Three</p><p>Four", "", "Five\nSix"]
    found = cut(Texts.of(texts))
    for row, text in enumerate(texts):
        alone = cut(Texts.of([text])).texts
        pieces = [found.texts.text(place) for place in range(found.first[row], found.first[row + 1])]
        assert pieces == [alone.text(place) for place in range(len(alone))]
