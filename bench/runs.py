"""Runs of the command line in processes of their own: seconds, peak memory, tables of many rows."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Final

ROLECALL: Final = (sys.executable, "-m", "classifier")
LIBRARY: Final = (
    "from classifier import load; print(load().classify('Define SLOs and run blameless postmortems.').role)"
)
WATCHER: Final = """
import os, sys, time
start = time.perf_counter()
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[
    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0), (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)])
_, status, used = os.wait4(process, 0)
print(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""A small process that starts another and says what that took: the peak memory of a process counts from that
of the one that started it, and this script's own is large."""
BYTES: Final = 1 if sys.platform == "darwin" else 1024
"""Unit of the peak memory that the system gives."""

TIMES: Final = {1_000: 9, 10_000: 9, 100_000: 5, 1_000_000: 2}
"""How many times tables of so many rows are scored."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a process took: seconds on the clock and of the processors, peak memory in bytes."""

    seconds: float
    cpu: float
    peak: int


def run(command: Sequence[str]) -> Run:
    """Run a command to its end; raise where it fails."""
    call = [sys.executable, "-S", "-c", WATCHER, *command]
    done = subprocess.run(call, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: must exit with 0, got {done.returncode}. Run it to see why")
    seconds, cpu, peak = done.stdout.split()[-3:]
    return Run(float(seconds), float(cpu), int(peak) * BYTES)


def write_table(path: Path, texts: Sequence[str], rows: int) -> int:
    """Write a CSV of so many rows, the texts over and over; return its size in bytes."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        writer.writerows((row, texts[row % len(texts)]) for row in range(rows))
    return path.stat().st_size


def tables(texts: Sequence[str], most: int, folder: Path) -> list[dict[str, Any]]:
    """Score tables of 1,000, 10,000, ... rows up to ``most``, on all threads, and the last on one too.

    Small tables take less time than the noise of a machine, so they are run more often, in turn with
    the others; what is returned of each are the medians, and the highest peak.
    """
    chosen = {rows: times for rows, times in TIMES.items() if rows <= most} or {most: 1}
    sources = {rows: folder / f"{rows}.csv" for rows in chosen}
    sizes = {rows: write_table(source, texts, rows) for rows, source in sources.items()}
    cases = [(rows, 2, times) for rows, times in chosen.items()]
    cases.insert(-1, (cases[-1][0], 1, 1))
    spent: dict[tuple[int, int], list[Run]] = {(rows, workers): [] for rows, workers, _ in cases}
    for turn in range(max(chosen.values())):
        for rows, workers, times in cases:
            if turn < times:
                target = folder / f"{rows}.scored.csv"
                command = [*ROLECALL, "score", str(sources[rows]), "-o", str(target), "--workers", str(workers)]
                spent[rows, workers].append(run(command))
                target.unlink()
    for source in sources.values():
        source.unlink()
    return [
        {"rows": rows, "workers": workers, "bytes": sizes[rows], "times": len(runs)} | asdict(typical(runs))
        for (rows, workers), runs in spent.items()
    ]


def typical(runs: Sequence[Run]) -> Run:
    """Return the median times of some runs and their highest peak."""
    return Run(median(one.seconds for one in runs), median(one.cpu for one in runs), max(one.peak for one in runs))


def growth(found: Sequence[dict[str, Any]], unit: str) -> float | None:
    """Return ``unit`` that a row more costs in the last step between table sizes, against the step before.

    What a run costs whatever its rows (the start, the model, the first batches, in which threads still wait) is in
    both ends of a step. ``unit`` is ``seconds`` on the clock or ``cpu``, those of the processors; None where there are
    too few tables.
    """
    sizes = [table for table in found if table["workers"] == 2 and table["rows"] >= 10_000]
    steps = [(larger[unit] - smaller[unit]) / (larger["rows"] - smaller["rows"]) for smaller, larger in pairwise(sizes)]
    return steps[-1] / steps[-2] if len(steps) > 1 else None


def first_answers(times: int = 5) -> dict[str, dict[str, float]]:
    """Return median seconds until a fresh process has answered once, by the command line and by Python."""
    commands = {
        "command line": [*ROLECALL, "classify", "Define SLOs and run blameless postmortems."],
        "Python": [sys.executable, "-c", LIBRARY],
        "bare Python with numba and numpy": [sys.executable, "-c", "import numba, numpy"],
    }
    spent: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(times):
        for name, command in commands.items():
            spent[name].append(run(command))
    return {
        name: {"seconds": median(one.seconds for one in found), "cpu": median(one.cpu for one in found)}
        for name, found in spent.items()
    }
