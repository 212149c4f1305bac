"""Where the files of jobs are, and when they go."""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from service.jobs import queue
from service.settings import Settings
from service.store.database import Database

IN: Final = "table"
OUT: Final = "scored"
BY: Final = "answered-by"
"""Says by which model and policy a table is being scored."""


def folder_of(settings: Settings, job_id: str) -> Path:
    """Return the folder of a job."""
    return settings.data_folder / "jobs" / job_id


@contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Hold the folder of a job and say whether that was possible; the system lets go when the process dies."""
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def clear(settings: Settings, job_id: str) -> None:
    """Remove the files of a job."""
    shutil.rmtree(folder_of(settings, job_id), ignore_errors=True)


def tidy(settings: Settings, database: Database) -> None:
    """Remove jobs that ended long ago, and the files of uploads that never became a job."""
    for job_id in queue.expired(database, settings.job_hours):
        if queue.remove(database, job_id):
            clear(settings, job_id)
    root = settings.data_folder / "jobs"
    old = time.time() - 3600 * max(settings.job_hours, 1)
    strays = [path.name for path in root.glob("*") if path.stat().st_mtime < old]
    for job_id in set(strays) - queue.known(database, strays):
        clear(settings, job_id)
