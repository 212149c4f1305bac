"""Runs of the command line in processes of their own: seconds, peak memory, tables of many rows."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
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
    """Score tables of 1,000, 10,000, ... rows up to ``most``, on all threads, and the last on one too."""
    found = []
    sizes = [rows for rows in (1_000, 10_000, 100_000, 1_000_000) if rows <= most] or [most]
    for rows in sizes:
        source, target = folder / f"{rows}.csv", folder / f"{rows}.scored.csv"
        size = write_table(source, texts, rows)
        for workers in (1, 2) if rows == sizes[-1] else (2,):
            command = [*ROLECALL, "score", str(source), "-o", str(target), "--workers", str(workers)]
            spent = run(command)
            target.unlink()
            found.append({"rows": rows, "workers": workers, "bytes": size} | asdict(spent))
        source.unlink()
    return found


def growth(found: Sequence[dict[str, Any]]) -> float | None:
    """Return seconds a row of the largest table against the smallest of 10,000 or more, beyond the smallest of all.

    The smallest table takes what a run costs whatever its rows: the start, the model, the first batch.
    """
    tables = [table for table in found if table["workers"] == 2]
    least = tables[0]
    per_row = [
        (table["seconds"] - least["seconds"]) / (table["rows"] - least["rows"])
        for table in tables[1:]
        if table["rows"] >= 10_000
    ]
    return per_row[-1] / per_row[0] if len(per_row) > 1 else None


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
