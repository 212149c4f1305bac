"""Five hundred broken CSVs: no crash, no lost row."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.tables import Options, score_file
from tests.tables.conftest import OURS, tiny_answer

WORDS = st.text(alphabet=st.sampled_from("ab ,;\t|'é\0\u2028€"), max_size=12)
FIELD = st.one_of(WORDS, WORDS.map('"{}"'.format), WORDS.map('a"{}'.format), WORDS.map('"{}"x'.format))
ROW = st.lists(FIELD, min_size=1, max_size=6).map(",".join)
ENDING = st.sampled_from(["\n", "\r\n", "\r", "\n\n"])
DAMAGE = st.sampled_from([b"", b"\xff\xfe\x80", b"\x00\x00", b'"', b"\xc3"])


def read(data: bytes) -> list[list[str]]:
    """Return what Python's reader finds but blank lines; broken bytes are kept apart."""
    text = data.decode("utf-8", "surrogateescape")
    return [row for row in csv.reader(io.StringIO(text, newline="")) if row]


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.lists(st.tuples(ROW, ENDING), max_size=8), DAMAGE, st.integers(0, 3))
def test_no_row_is_lost(rows: list[tuple[str, str]], damage: bytes, workers: int) -> None:
    """Every row that Python's reader finds comes back in its place with its fields, or more with an open quote."""
    body = "".join(f"{row}{ending}" for row, ending in rows).encode() + damage
    data = b"id,text,note\r\n" + body
    with tempfile.TemporaryDirectory() as folder, patch("os.fsync"):  # waiting for the disk is not what is tested
        source, target = Path(folder, "in.csv"), Path(folder, "out.csv")
        source.write_bytes(data)
        options = Options(
            source=str(source), target=str(target), workers=workers or None, encoding="utf-8", delimiter=",", quote='"'
        )
        tally = score_file(options, tiny_answer, signature="tiny", say=lambda line: None)
        before, after = read(data)[1:], read(target.read_bytes())
    assert after[0] == ["id", "text", "note", *OURS]
    after = after[1:]
    assert tally.rows == len(after)
    assert all(len(row) == 3 + len(OURS) for row in after)
    assert tally.errors == sum(row[-1] != "" for row in after)
    assert all((row[3] == "") == (row[-1] != "") for row in after)
    if any("never closed" in row[-1] for row in after):
        assert len(after) >= len(before)
        return
    assert len(after) == len(before)
    for old, new in zip(before, after, strict=True):
        if len(old) == 3:
            assert new[:3] == old
        else:
            assert new[-1] != ""
            assert new[: min(len(old), 2)] == old[:2]
            assert new[len(old) : 3] == [""] * (3 - len(old))
