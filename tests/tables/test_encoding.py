"""Encodings: found, given, kept where that is possible."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from classifier.errors import InputError, UsageError
from classifier.tables import encoding
from tests.tables.conftest import Score

TEXT = "id,text\r\n1,café \u2014 “naïve” €5\r\n2,日本\r\n"
WESTERN = "id,text\r\n1,café \u2014 “naïve” €5\r\n"


@pytest.mark.parametrize(
    "data, said, mark",
    [
        (TEXT.encode(), "utf-8,", False),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8 with a byte order mark", True),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16-le with a byte order mark", True),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16-be with a byte order mark", True),
        (TEXT.encode("utf-16-le"), "utf-16-le,", False),
        (TEXT.encode("utf-16-be"), "utf-16-be,", False),
        (WESTERN.encode("cp1252"), "windows-1252,", False),
    ],
)
def test_the_encoding_is_found_and_said(score: Score, data: bytes, said: str, mark: bool) -> None:
    """The output is UTF-8, with a mark where the input had one; the values are the same."""
    found = score(data)
    assert said in found.said[0]
    assert found.data.startswith(codecs.BOM_UTF8) == mark
    assert found.records()[0]["text"] == "café \u2014 “naïve” €5"
    assert found.rows()[0][0] == "id"


def test_every_byte_of_windows_1252_is_kept(score: Score) -> None:
    """Also the five that it leaves open."""
    every = bytes(byte for byte in range(256) if byte not in b'",\r\n')
    found = score(b"id,text\n1," + every + b"\n", encoding="windows-1252")
    text = found.records()[0]["text"]
    assert len(text) == 252
    assert text.encode("cp1252", "replace").count(b"?") == 6  # five unassigned, and the question mark


def test_an_encoding_can_be_given(score: Score) -> None:
    """Against what would be found."""
    found = score("id,text\n1,слово\n".encode("koi8-r"), encoding="koi8-r")
    assert found.records()[0]["text"] == "слово"
    assert score(TEXT.encode("utf-16"), encoding="utf-16").records()[1]["text"] == "日本"
    assert score(codecs.BOM_UTF8 + TEXT.encode(), encoding="utf-8").rows()[0][0] == "id"


@pytest.mark.parametrize("name", ["klingon", "hex", "rot13"])
def test_an_unknown_encoding_is_refused(score: Score, name: str) -> None:
    """With a line that names some that are known."""
    with pytest.raises(UsageError, match="--encoding: must be an encoding that Python knows"):
        score(TEXT.encode(), encoding=name)


def test_a_row_of_broken_letters_comes_back(score: Score) -> None:
    """As it was, with an error; the others are answered."""
    data = b"id,text\n1,ok\n2,caf\xe9\n3,ok\n"
    found = score(data, encoding="utf-8")
    assert b"2,caf\xe9,," in found.data
    assert [row.rsplit(b",", 1)[1] for row in found.data.splitlines()[1:]] == [b"", b"is not valid UTF-8", b""]
    lines = score(data, out="out.jsonl", encoding="utf-8").data.decode()
    assert '"text": "caf\ufffd"' in lines


def test_letters_across_pieces_are_whole() -> None:
    """A letter cut in two by a read is put together."""
    text = "é日😀" * 50
    for name in ("utf-16-le", "shift_jis", "utf-8"):
        usable = text.encode(name, "ignore")
        decoder = encoding.Decoder(encoding.Encoding(name))
        pieces = [decoder.decode(usable[i : i + 1], final=i + 1 == len(usable)) for i in range(len(usable))]
        assert b"".join(pieces) == usable.decode(name).encode()


@pytest.mark.parametrize(
    "head, kind",
    [
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"PK\x03\x04rest", "a zip archive"),
        (b"PAR1rest", "a Parquet file"),
        (bytes(range(256)) * 4, "a binary file"),
    ],
)
def test_what_is_no_text_is_refused(score: Score, head: bytes, kind: str, tmp_path: Path) -> None:
    """With one line that says what it is; nothing is written."""
    with pytest.raises(InputError, match=f"in.csv: must be .*got {kind}"):
        score(head)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
