"""Start the service: refuse what is not safe, then answer requests and do jobs until told to stop."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import Final

import uvicorn

from classifier import UsageError, artefact, policies
from service.app import create_app
from service.hooks.systems import check as check_hooks
from service.jobs.worker import work
from service.keys import any_keys, open_database
from service.logs import configure
from service.metrics import SHARED
from service.settings import UNPROTECTED, Settings

RESTART: Final = 2.0
"""Seconds to wait before a worker that died is started again."""

log = logging.getLogger("rolecall")


def serve(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Serve until a signal says to stop; then running requests end and jobs are left to go on later.

    ``say`` hears where, once nothing speaks against it.
    Raises UsageError where the service would be open to others without keys.
    """
    check(settings)
    say(f"serving on http://{settings.host}:{settings.port}")
    configure(settings.log_level)
    signal.signal(signal.SIGTERM, _leave)  # uvicorn raises the signal again when its requests have ended
    with _counting_together(settings), _workers(settings):
        options = {
            "host": settings.host, "port": settings.port, "workers": settings.workers, "log_config": None,
            "access_log": False, "server_header": False, "timeout_keep_alive": 20,
            "timeout_graceful_shutdown": int(settings.shutdown_seconds), "limit_concurrency": settings.max_connections,
        }  # fmt: skip
        if settings.workers == 1:
            uvicorn.run(create_app(settings), **options)  # type: ignore[arg-type]  # checked by uvicorn
            return
        os.environ.update(settings.environment())
        uvicorn.run("service.app:app_from_environment", factory=True, **options)  # type: ignore[arg-type]  # as above


def _leave(number: int, frame: object) -> None:
    """End the process, going through what is to be tidied up."""
    raise SystemExit(0)


def check(settings: Settings) -> None:
    """Bring the database up to date; raise UsageError where a key, a policy or a token is needed and missing."""
    check_hooks(settings)
    if settings.policy is not None:
        info, _ = artefact.read_info(settings.model or artefact.current())
        policies.load(info, settings.policy)
    database = open_database(settings)
    try:
        if settings.loopback or settings.unprotected or any_keys(database):
            return
    finally:
        database.close()
    raise UsageError(
        f"serve: on {settings.host} others can reach it, so there must be keys, got none. Make one with "
        f"rolecall keys create NAME, or set ROLECALL_UNPROTECTED to the words '{UNPROTECTED}'"
    )


@contextmanager
def _counting_together(settings: Settings) -> Iterator[None]:
    """Give several processes a folder in which they add up their metrics."""
    if settings.workers == 1:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="rolecall-metrics-") as folder:
        os.environ[SHARED] = folder
        try:
            yield
        finally:
            del os.environ[SHARED]


@contextmanager
def _workers(settings: Settings) -> Iterator[None]:
    """Keep the processes that do jobs running."""
    stopping = threading.Event()
    processes: list[BaseProcess] = []

    def start() -> BaseProcess:
        process = multiprocessing.get_context("spawn").Process(target=work, args=(settings, os.getpid()), name="jobs")
        process.start()
        return process

    def watch() -> None:
        while not stopping.wait(RESTART):
            for place, process in enumerate(processes):
                if not process.is_alive() and not stopping.is_set():
                    log.error("the worker for jobs died and is started again")
                    processes[place] = start()

    processes += [start() for _ in range(settings.job_workers)]
    watching = threading.Thread(target=watch, name="workers", daemon=True)
    watching.start()
    try:
        yield
    finally:
        stopping.set()
        watching.join()
        for process in processes:
            process.terminate()
        _wait(processes, settings.shutdown_seconds)


def _wait(processes: list[BaseProcess], seconds: float) -> None:
    until = time.monotonic() + seconds
    for process in processes:
        process.join(max(0.1, until - time.monotonic()))
        if process.is_alive():
            process.kill()
