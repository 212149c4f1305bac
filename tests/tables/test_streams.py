"""Compression, standard streams, and files that cannot be read."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from classifier.errors import InputError, UsageError
from classifier.tables import Options, formats, score_file
from classifier.tables.opening import open_reader
from classifier.tables.streams import TextReader
from tests.tables.conftest import OURS, Score, tiny_answer

TABLE = b"id,text\n" + b"".join(b'%d,"some words, %d"\n' % (row, row * row) for row in range(3000))


def zstd(data: bytes) -> bytes:
    """Return a Zstandard frame."""
    packed: bytes = pa.compress(data, codec="zstd", asbytes=True)
    return packed


def unzstd(data: bytes) -> bytes:
    """Return what all frames hold."""
    unpacked: bytes = pa.CompressedInputStream(pa.BufferReader(data), "zstd").read()
    return unpacked


WAYS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    ".gz": (gzip.compress, gzip.decompress),
    ".bz2": (bz2.compress, bz2.decompress),
    ".xz": (lzma.compress, lzma.decompress),
    ".zst": (zstd, unzstd),
}


@pytest.mark.parametrize("ending", WAYS)
def test_compressed(score: Score, ending: str) -> None:
    """In and out, in one piece or in several one after another."""
    pack, unpack = WAYS[ending]
    half = TABLE.index(b"\n", len(TABLE) // 2)
    plain = score(TABLE).data
    for data in (pack(TABLE), pack(TABLE[:half]) + pack(TABLE[half:])):
        found = score(data, name=f"in.csv{ending}", out=f"out.csv{ending}")
        assert unpack(found.data) == plain
    again = score(found.data, name=f"again.csv{ending}", out="again.csv")
    assert again.rows()[0][2:4] == ["role_input", "best_input"]


@pytest.mark.parametrize("ending", WAYS)
def test_compressed_in_disguise(score: Score, ending: str) -> None:
    """What is packed under a plain name is unpacked, and that is said; the reverse is refused."""
    found = score(WAYS[ending][0](TABLE))
    assert found.tally.rows == 3000
    assert {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zst": "zstd"}[ending] in found.said[0]
    with pytest.raises(InputError, match=r"must be compressed with .* as its ending says, got no compression"):
        score(TABLE, name=f"in.csv{ending}")


@pytest.mark.parametrize("ending", WAYS)
@pytest.mark.parametrize("damage", ["cut off", "altered"])
def test_damaged_archives_are_refused(score: Score, ending: str, damage: str, tmp_path: Path) -> None:
    """With one line that says where; nothing stands under the final name."""
    data = bytearray(WAYS[ending][0](TABLE))
    if damage == "cut off":
        del data[len(data) * 2 // 3 :]
    else:
        middle = len(data) // 2
        data[middle : middle + 50] = bytes(50)
    with pytest.raises(InputError, match=r"in.csv\S+: cannot be read on after byte \d+"):
        score(bytes(data), name=f"in.csv{ending}")
    assert [path.name for path in tmp_path.iterdir()] == [f"in.csv{ending}"]


class Pipe:
    """Standard input or output as the command line has it."""

    def __init__(self, data: bytes = b"") -> None:
        """Hold the bytes to be read."""
        reading, writing = os.pipe()
        with os.fdopen(writing, "wb") as file:
            file.write(data)
        self.buffer = os.fdopen(reading, "rb")


class Sink:
    """Standard output that keeps what was written."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self.buffer = io.BytesIO()


@pytest.mark.parametrize(
    "data, kind",
    [
        (b"id,text\n1,a\n", "csv"),
        (b'{"text": "a"}\n', "jsonl"),
        (gzip.compress(b'{"text": "a"}\n'), "jsonl"),
        (zstd(b"id;text\n1;a\n"), "csv"),
    ],
)
def test_standard_streams(data: bytes, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes in is known by its first bytes; it goes out as the same, not packed."""
    pipe, sink = Pipe(data), Sink()
    monkeypatch.setattr(sys, "stdin", pipe)
    monkeypatch.setattr(sys, "stdout", sink)
    with pipe.buffer:
        tally = score_file(Options(source="-"), tiny_answer, signature="tiny", say=lambda line: None)
    assert tally.rows == 1
    start = b'{"text": "a", "role": ' if kind == "jsonl" else b"id"
    assert sink.buffer.getvalue().startswith(start)


def test_parquet_through_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is put on disk first, since it is read from its end."""
    out = io.BytesIO()
    pq.write_table(pa.table({"text": ["a", "b"]}), out)
    pipe = Pipe(out.getvalue())
    monkeypatch.setattr(sys, "stdin", pipe)
    target = tmp_path / "out.csv"
    with pipe.buffer:
        options = Options(source="-", target=str(target))
        assert score_file(options, tiny_answer, signature="tiny", say=lambda line: None).rows == 2
    assert target.read_bytes().startswith(b"text,role,")


def test_a_device_gets_the_format_of_the_input(tmp_path: Path) -> None:
    """It has no ending, and is not replaced."""
    source = tmp_path / "in.csv"
    source.write_bytes(TABLE)
    options = Options(source=str(source), target=os.devnull)
    assert score_file(options, tiny_answer, signature="tiny", say=lambda line: None).rows == 3000
    assert not os.path.isfile(os.devnull)


def test_the_default_target(tmp_path: Path) -> None:
    """Beside the input, with .scored; it is said."""
    source = tmp_path / "ads.csv"
    source.write_bytes(b"text\na\n")
    said: list[str] = []
    score_file(Options(source=str(source)), tiny_answer, signature="tiny", say=said.append)
    assert (tmp_path / "ads.scored.csv").read_bytes().startswith(b"text,role")
    assert said[-1] == f"wrote {tmp_path / 'ads.scored.csv'}"


@pytest.mark.parametrize(
    "name, to, target",
    [
        ("a/ads.csv", None, "a/ads.scored.csv"),
        ("ads.tar.csv.gz", None, "ads.tar.scored.csv.gz"),
        ("ads.csv.gz", "jsonl", "ads.scored.jsonl.gz"),
        ("ads.csv.gz", "parquet", "ads.scored.parquet"),
        ("ads.xlsx", "csv", "ads.scored.csv"),
        ("ADS.CSV", None, "ADS.scored.CSV"),
        ("-", None, "-"),
    ],
)
def test_names_of_targets(name: str, to: str | None, target: str) -> None:
    """The ending follows the format."""
    shape = formats.Shape("csv") if name == "-" else formats.shape_of(name, None, "--from")
    assert formats.default_target(name, shape, to) == target


@pytest.mark.parametrize(
    "source, options, line",
    [
        ("there.csv", {"target": "there.csv"}, "must be another file than the input"),
        ("there.csv", {"target": "x.docx"}, "the ending must be one of .csv, .*, got '.docx'"),
        ("there.csv", {"target": "x.parquet.gz"}, "must not be compressed again"),
        ("there.csv", {"target": "x.csv", "target_format": "xml"}, "--to: must be one of csv, tsv, .*, got 'xml'"),
        ("there.csv", {"target": "x.csv", "workers": 0}, "--workers: must be 1 or more, got 0"),
        ("there.csv", {"target": "x.csv", "limit": 0}, "--limit: must be 1 or more, got 0"),
        ("there.csv", {"target": "x.csv", "text_column": "body"}, r"--text-column must be one of .*\(id, text\)"),
        ("there.csv", {"target": "x.csv", "title_column": "3"}, "--title-column must be one of .*, got '3'"),
        ("there.csv", {"target": "x.csv", "id_column": "nr"}, "--id-column must be one of"),
        ("there.csv", {"target": "-", "resume": True}, "--resume: needs files on both sides"),
        ("there.doc", {}, "the ending must be one of .*, got '.doc'"),
    ],
)
def test_wrong_use(
    source: str, options: dict[str, str], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line that says what is wrong and what is allowed; nothing is written."""
    monkeypatch.chdir(tmp_path)
    Path(source).write_bytes(b"id,text\n1,a\n")
    with pytest.raises(UsageError, match=line) as caught:
        score_file(Options(source=source, **options), tiny_answer, signature="tiny", say=lambda line: None)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == [source]


@pytest.mark.parametrize(
    "source, line",
    [("missing.csv", "cannot be read .No such file"), ("folder.csv", "must be a file, got a folder")],
)
def test_unreadable_input(source: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line; nothing is written."""
    monkeypatch.chdir(tmp_path)
    Path("folder.csv").mkdir()
    Path("out.csv").write_bytes(b"old")
    options = Options(source=source, target="out.csv")
    with pytest.raises(InputError, match=f"{source}: {line}"):
        score_file(options, tiny_answer, signature="tiny", say=lambda line: None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.csv", "out.csv"]


def test_no_column_of_texts(score: Score) -> None:
    """The names that are there are listed, cut where there are many."""
    with pytest.raises(UsageError, match=r"one column must hold the texts.*got id, price. Name it with --text-column"):
        score(b"id,price\n1,2\n")
    with pytest.raises(UsageError, match=r"c29 and 70 more"):
        score(",".join(f"c{place}" for place in range(100)).encode() + b"\n")


def test_guessed_columns_are_said(score: Score) -> None:
    """By any case of their names; a title column brings one of ours."""
    found = score(b"Job Title,DESCRIPTION\nconflict,a\nb,c\n")
    assert "texts from column 'DESCRIPTION' (found by its name)" in found.said[0]
    assert "titles from column 'Job Title' (found by its name)" in found.said[0]
    ours = [*OURS[:-2], "title_conflict", *OURS[-2:]]
    assert found.rows()[0] == ["Job Title", "DESCRIPTION", *ours]
    assert [record["title_conflict"] for record in found.records()] == ["true", "false"]
    assert score(b"title,text\na,b\n", use_title=False).rows()[0] == ["title", "text", *OURS]


@pytest.mark.parametrize("name", ["in.csv", "in.csv.gz", "in.jsonl"])
def test_how_far_a_text_is_read_is_counted_in_bytes_on_disk(tmp_path: Path, name: str) -> None:
    """More with each batch, all of the file at the end; and the file is closed."""
    lines = TABLE if ".csv" in name else b'{"text": "some words"}\n' * 5_000
    path = tmp_path / name
    path.write_bytes(gzip.compress(lines * 20) if name.endswith(".gz") else lines * 20)
    reader, _ = open_reader(Options(source=str(path)))
    assert isinstance(reader, TextReader)
    seen = [(reader.passed, reader.total, reader.unit) for _ in reader.batches(0)]
    assert [passed for passed, _, _ in seen] == sorted(passed for passed, _, _ in seen)
    assert seen[-1] == (path.stat().st_size, path.stat().st_size, "bytes")
    assert {total for _, total, _ in seen} == {path.stat().st_size}
    reader.close()
    unread, _ = open_reader(Options(source=str(path)))
    unread.close()
    with pytest.raises(ValueError, match="closed"):
        list(unread.batches(0))
