"""A progress bar on standard error; nothing where that is no terminal."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self


class Bar:
    """Shows rows, speed and the time left while something is scored.

    Use as a context, and as the function that hears of progress.
    """

    def __init__(self) -> None:
        """Show nothing yet."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.fields[rows]:,} rows"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr),
            transient=True,
            refresh_per_second=4,
            disable=not sys.stderr.isatty(),
        )
        self._task = self._progress.add_task("", total=None, rows=0, speed="")

    def __enter__(self) -> Self:
        """Show the bar."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self._progress.stop()

    def say(self, line: str) -> None:
        """Write a line for the user, above the bar."""
        self._progress.console.print(f"rolecall: {line}", markup=False, emoji=False, highlight=False, soft_wrap=True)

    def __call__(self, rows: int, passed: int, total: int | None, unit: str) -> None:
        """Take the rows written, and how much of the input was read."""
        speed = self._progress.tasks[0].speed or 0.0
        shown = f"{speed / 1e6:.0f} MB/s" if unit == "bytes" else f"{speed:,.0f} rows/s"
        self._progress.update(self._task, completed=passed, total=total, rows=rows, speed=shown)
