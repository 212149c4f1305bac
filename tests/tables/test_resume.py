"""A run that is broken off leaves nothing under the final name, and can be gone on with."""

from __future__ import annotations

import errno
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from classifier.errors import OutputError, UsageError
from classifier.tables import Options, Tally, score_file, target, windows
from classifier.tables.target import Partial
from tests.tables.conftest import tiny_answer

ROWS = b"".join(b'%d,"some words, %d"\n\n' % (row, row * row) for row in range(20_000)) + b"too few\n"
TABLE = b"id,text\n" + ROWS

SLOW = textwrap.dedent(
    """
    import sys, time
    sys.path.insert(0, sys.argv[4])
    from classifier.tables import Options, score_file, windows
    from tests.tables.conftest import tiny_answer

    windows.BATCH = 1 << 14

    def answer(texts, titles):
        time.sleep(0.01)
        return tiny_answer(texts, titles)

    options = Options(source=sys.argv[1], target=sys.argv[2], resume=sys.argv[3] == "on")
    score_file(options, answer, signature="tiny", say=lambda line: None, every=0.02)
    """
)


def start(source: Path, target: Path, *, resume: bool) -> subprocess.Popen[bytes]:
    """Score in a process of its own, slowly, in small batches with many notes."""
    root = str(Path(__file__).parents[2])
    arguments = [sys.executable, "-c", SLOW, str(source), str(target), "on" if resume else "off", root]
    return subprocess.Popen(arguments)


def whole(source: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Return what a run that nothing stops writes."""
    monkeypatch.setattr(windows, "BATCH", 1 << 14)
    options = Options(source=str(source), target=str(target))
    score_file(options, tiny_answer, signature="tiny", say=lambda line: None)
    return target.read_bytes()


@pytest.mark.parametrize("ending, kills", [(".csv", 4), (".csv.gz", 2), (".jsonl", 1)])
def test_killed_again_and_again(ending: str, kills: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At random moments; the end is the same to the byte as without."""
    source = tmp_path / "in.csv"
    source.write_bytes(TABLE)
    if ending == ".jsonl":
        source = tmp_path / "in.jsonl"
        source.write_bytes(b"".join(b'{"id": %d, "text": "some words"}\n' % row for row in range(20_000)))
    expected = whole(source, tmp_path / f"whole{ending}", monkeypatch)
    target = tmp_path / f"out{ending}"
    partial = tmp_path / f".out{ending}.partial"
    dice = random.Random(7)
    for number in range(kills):
        process = start(source, target, resume=number > 0)
        size = partial.stat().st_size if partial.exists() else 0
        while process.poll() is None and (not partial.exists() or partial.stat().st_size <= size):
            time.sleep(0.005)
        time.sleep(dice.random() * 0.15)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not target.exists()
    assert start(source, target, resume=True).wait() == 0
    assert target.read_bytes() == expected
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def broken_off(tmp_path: Path, at: int, error: BaseException, resume: bool = False) -> tuple[Options, list[str]]:
    """Run until ``error`` comes while batch ``at`` is answered; return the options and what is noted of the error."""
    source = tmp_path / "in.csv"
    if not source.exists():
        source.write_bytes(TABLE)
    calls = 0

    def written(rows: int, passed: int, total: int | None, unit: str) -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            raise error

    options = Options(source=str(source), target=str(tmp_path / "out.csv"), resume=resume)
    with pytest.raises(type(error)) as caught:
        score_file(options, tiny_answer, signature="tiny", say=lambda line: None, progress=written, every=0.0)
    return options, caught.value.__notes__


def test_ctrl_c_leaves_something_to_go_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said, and the counts go on too."""
    monkeypatch.setattr(windows, "BATCH", 1 << 14)
    _, noted = broken_off(tmp_path, 12, KeyboardInterrupt())
    assert not (tmp_path / "out.csv").exists()
    kept = json.loads((tmp_path / ".out.csv.partial.json").read_text())["tally"]["rows"]
    assert kept > 1000
    way = f"{kept:,} rows are kept. Give the same command with --resume to go on"
    assert noted == [f"{tmp_path / 'out.csv'}: {way}"]
    options = Options(source=str(tmp_path / "in.csv"), target=str(tmp_path / "out.csv"), resume=True)
    again: list[str] = []
    tally = score_file(options, tiny_answer, signature="tiny", say=again.append)
    assert any(line.startswith("going on after row ") for line in again)
    assert (tally.rows, tally.errors) == (20_001, 1)
    assert sum(tally.roles.values()) == 20_000
    assert tally.named[0][0] == 20_001
    assert (tmp_path / "out.csv").read_bytes() == whole(tmp_path / "in.csv", tmp_path / "w.csv", monkeypatch)


def test_without_a_note_nothing_is_left(tmp_path: Path) -> None:
    """A run broken off before its first note leaves no trace."""
    source = tmp_path / "in.csv"
    source.write_bytes(TABLE)

    def broken(rows: int, passed: int, total: int | None, unit: str) -> None:
        raise OutputError("stop")

    options = Options(source=str(source), target=str(tmp_path / "out.csv"))
    with pytest.raises(OutputError):
        score_file(options, tiny_answer, signature="tiny", say=lambda line: None, progress=broken)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_nothing_to_go_on_from(tmp_path: Path) -> None:
    """Then it starts at the first row, and says so."""
    source = tmp_path / "in.csv"
    source.write_bytes(b"text\na\n")
    options = Options(source=str(source), target=str(tmp_path / "out.csv"), resume=True)
    said: list[str] = []
    assert score_file(options, tiny_answer, signature="tiny", say=said.append).rows == 1
    assert "nothing to go on from: starting at the first row" in said


def test_other_work_is_not_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another model, other options or another input are refused; what there is stays."""
    monkeypatch.setattr(windows, "BATCH", 1 << 14)
    options, _ = broken_off(tmp_path, 5, KeyboardInterrupt())
    again = Options(source=options.source, target=options.target, resume=True)

    def run(chosen: Options, signature: str = "tiny") -> Tally:
        return score_file(chosen, tiny_answer, signature=signature, say=lambda line: None)

    with pytest.raises(UsageError, match="but the model changed"):
        run(again, "other")
    with pytest.raises(UsageError, match="but the options changed"):
        run(Options(source=options.source, target=options.target, resume=True, delimiter=","))
    state = os.stat(options.source)
    os.utime(options.source, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    with pytest.raises(UsageError, match=r"but the input file changed. Leave --resume out"):
        run(again)
    os.utime(options.source, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert run(again).rows == 20_001


def test_a_spoilt_note_is_no_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that finds none, or one that says more than there is, starts over."""
    monkeypatch.setattr(windows, "BATCH", 1 << 14)
    options, _ = broken_off(tmp_path, 5, KeyboardInterrupt())
    note = tmp_path / ".out.csv.partial.json"
    content = json.loads(note.read_text())
    for text in ("{", json.dumps(content | {"output_bytes": 1 << 40})):
        note.write_text(text)
        partial = Partial(tmp_path / "out.csv")
        assert partial.note() is None
        partial.abandon(keep=True)
    assert score_file(
        Options(source=options.source, target=options.target, resume=True), tiny_answer, signature="tiny",
        say=lambda line: None,
    ).rows == 20_001  # fmt: skip


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing stands under the final name."""

    def full(self: Partial, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Partial, "write", full)
    source = tmp_path / "in.csv"
    source.write_bytes(TABLE)
    options = Options(source=str(source), target=str(tmp_path / "out.csv"))
    with pytest.raises(OutputError, match=r"out.csv: the disk is full. Free some space and try again$"):
        score_file(options, tiny_answer, signature="tiny", say=lambda line: None)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.parametrize(
    "target, line",
    [("missing/out.csv", "must be in a folder that is there"), ("there.csv", "got a folder")],
)
def test_a_target_that_cannot_be(target: str, line: str, tmp_path: Path) -> None:
    """One line; nothing is written."""
    source = tmp_path / "in.csv"
    source.write_bytes(TABLE)
    (tmp_path / "there.csv").mkdir()
    options = Options(source=str(source), target=str(tmp_path / target))
    with pytest.raises(OutputError, match=line):
        score_file(options, tiny_answer, signature="tiny", say=lambda line: None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "there.csv"]


def test_two_runs_do_not_write_one_file(tmp_path: Path) -> None:
    """The second is refused, the first goes on."""
    pytest.importorskip("fcntl")
    first = Partial(tmp_path / "out.csv")
    first.start(0)
    with pytest.raises(UsageError, match="is being written by another run"):
        Partial(tmp_path / "out.csv")
    first.write(b"whole")
    first.finish()
    assert (tmp_path / "out.csv").read_bytes() == b"whole"


def test_the_old_output_stays_until_the_new_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is replaced at once."""
    monkeypatch.setattr(windows, "BATCH", 1 << 14)
    (tmp_path / "out.csv").write_bytes(b"old")
    options, _ = broken_off(tmp_path, 5, KeyboardInterrupt())
    assert (tmp_path / "out.csv").read_bytes() == b"old"
    assert score_file(options, tiny_answer, signature="tiny", say=lambda line: None).rows == 20_001
    assert (tmp_path / "out.csv").read_bytes().startswith(b"id,text,role")


def test_what_was_written_leaves_the_systems_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the last steps are given back, and the bytes are those of a system that cannot."""
    if not hasattr(os, "posix_fadvise"):
        pytest.skip("the system takes no hints")
    monkeypatch.setattr(target, "STEP", 1 << 15)
    monkeypatch.setattr(target, "RECENT", 1 << 17)
    hints: list[tuple[int, int, int]] = []
    advise = os.posix_fadvise

    def heard(file: int, offset: int, length: int, advice: int) -> None:
        hints.append((offset, offset + length, advice))
        advise(file, offset, length, advice)

    monkeypatch.setattr(os, "posix_fadvise", heard)
    source = tmp_path / "in.csv"
    source.write_bytes(TABLE)
    hinted = whole(source, tmp_path / "hinted.csv", monkeypatch)
    monkeypatch.delattr(os, "posix_fadvise")
    assert whole(source, tmp_path / "plain.csv", monkeypatch) == hinted
    size = len(hinted)
    assert size > 3 << 17
    assert all(advice == os.POSIX_FADV_DONTNEED and stop <= size for _, stop, advice in hints)
    told = sorted(hints)
    assert told[0][0] == 0
    assert all(later[0] <= earlier[1] for earlier, later in itertools.pairwise(told))
    assert size - max(stop for _, stop, _ in told) <= 2 << 15
