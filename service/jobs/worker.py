"""The worker: takes jobs, scores their tables, goes on where one was broken off."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError

from classifier import RolecallError, artefact, load, policies
from classifier.pipeline import Classifier
from classifier.tables import Options, Tally, score_file
from service.jobs import queue
from service.jobs.files import BY, IN, OUT, alone, clear, folder_of, tidy
from service.keys import open_database
from service.logs import configure, places
from service.scoring import answering, plain_words
from service.settings import Settings
from service.store.database import Database, fresh_id, now
from service.store.tables import JobRow

LEASE: Final = 10.0
"""Seconds after which a worker that says nothing has lost its job."""
BEAT: Final = 0.5
"""Seconds between two renewals of the lease, and between two looks for a job."""
NOTE: Final = 1.0
"""Seconds of work that are lost at most."""
TIDY: Final = 600.0
"""Seconds between two looks for what is old."""

log = logging.getLogger("rolecall.jobs")


class Stopped(KeyboardInterrupt):
    """Raised inside the work to stop it; like Ctrl-C, it leaves a note to go on from."""


@dataclass(slots=True)
class Progress:
    """How far the work is, told by one thread and read by another."""

    rows: int = 0
    passed: int = 0
    total: int = 0
    stop: bool = False

    def __call__(self, rows: int, passed: int, total: int | None, unit: str) -> None:
        """Hear how far the work is; stop it where that was asked for."""
        self.rows, self.passed, self.total = rows, passed, total or 0
        if self.stop:
            raise Stopped


class Worker:
    """Does one job after the other."""

    def __init__(self, settings: Settings, database: Database, classifier: Classifier | None = None) -> None:
        """Work for a database; ``classifier`` answers where it is given, else the model that is switched to."""
        self.settings, self.database = settings, database
        self.id = fresh_id()
        self.stopping = threading.Event()
        self._classifier, self._fixed = classifier, classifier is not None

    def run(self) -> None:
        """Do jobs until :attr:`stopping` is set."""
        tidied = 0.0
        while not self.stopping.is_set():
            try:
                if time.monotonic() - tidied > TIDY:
                    tidied = time.monotonic()
                    tidy(self.settings, self.database)
                if not self.one():
                    self.stopping.wait(BEAT)
            except SQLAlchemyError as error:
                log.error("database", extra={"fault": type(error).__name__, "place": places(error)})
                self.stopping.wait(5)

    def one(self) -> bool:
        """Do the next job, if there is one; return whether there was."""
        row = queue.take(self.database, self.id, LEASE)
        if row is None:
            return False
        log.info("taken", extra={"job": row.id})
        progress, outcome = Progress(), dict[str, Any]()
        thread = threading.Thread(target=self._work, args=(row, progress, outcome), name="job")
        thread.start()
        heard = self._watch(row, progress, thread)
        self._end(row, heard, progress, outcome)
        return True

    def _watch(self, row: JobRow, progress: Progress, thread: threading.Thread) -> queue.Heard:
        """Renew the lease until the work is over; stop it where the worker hears so."""
        heard: queue.Heard = "go on"
        while thread.is_alive():
            thread.join(BEAT)
            if thread.is_alive() and heard == "go on":
                heard = queue.renew(self.database, row, LEASE, progress.rows, progress.passed, progress.total)
            progress.stop = heard != "go on" or self.stopping.is_set()
        return heard

    def _work(self, row: JobRow, progress: Progress, outcome: dict[str, Any]) -> None:
        folder = folder_of(self.settings, row.id)
        try:
            outcome |= self._score(row, folder, progress)
        except Stopped:
            pass
        except RolecallError as error:
            outcome["problem"] = plain_words(error, folder / IN)
        except Exception as error:
            outcome["problem"] = "a fault of ours; the log has more under the id of the job"
            fault = {"job": row.id, "fault": type(error).__name__, "place": places(error)}
            log.error("fault", extra=fault)

    def _score(self, row: JobRow, folder: Path, progress: Progress) -> dict[str, Any]:
        """Score the table of a job from where it was left, alone; nothing while another is still at it."""
        with alone(folder) as held:
            if not held:
                return {"busy": True}
            wanted = dict(row.options)
            explain, policy = wanted.pop("explain", False), wanted.pop("policy", None)
            classifier = self._model(policy)
            answer, signature = answering(classifier, explain=explain)
            same = _noted(folder / BY) == signature
            (folder / BY).write_text(signature, encoding="utf-8")
            if row.model != classifier.info.id:
                queue.change(self.database, row, model=classifier.info.id)
            options = Options(source=str(folder / IN), target=str(folder / OUT), resume=same, workers=1, **wanted)
            tally = score_file(options, answer, signature=signature, say=_silent, progress=progress, every=NOTE)
            return {"tally": tally}

    def _end(self, row: JobRow, heard: queue.Heard, progress: Progress, outcome: dict[str, Any]) -> None:
        """Write down how a job ended; what was lost to another worker is left to that one."""
        tally: Tally | None = outcome.get("tally")
        if tally is not None:
            values: dict[str, Any] = {
                "state": queue.DONE, "summary": tally.to_dict(), "rows": tally.rows,
                "passed": progress.total, "total": progress.total,
            }  # fmt: skip
        elif "problem" in outcome:
            values = {"state": queue.FAILED, "problem": outcome["problem"]}
        elif heard == "cancel":
            values = {"state": queue.CANCELLED}
        else:
            values = {"state": queue.QUEUED, "lease_until": None}
            if "busy" in outcome:  # that one ends or goes on; trying again is no failure
                values["attempts"] = row.attempts - 1
        if values["state"] in queue.ENDED:
            values["finished"] = now()
        kept = heard != "lost" and queue.change(self.database, row, **values)
        log.info("lost" if not kept else values["state"], extra={"job": row.id, "rows": progress.rows})
        if kept and values["state"] == queue.CANCELLED:
            clear(self.settings, row.id)

    def _model(self, policy: str | None) -> Classifier:
        """Return the model that answers, loaded anew where another was switched to, deciding by a policy."""
        if self._classifier is None or not (self._fixed or self._current(self._classifier)):
            self._classifier = load(self.settings.model)
        name = policy or self.settings.policy
        if name is None:
            return self._classifier
        return replace(self._classifier, policy=policies.load(self._classifier.info, name))

    def _current(self, classifier: Classifier) -> bool:
        name = self.settings.model or artefact.current()
        return artefact.read_info(name)[0].id == classifier.info.id


def work(settings: Settings, parent: int) -> None:
    """Do jobs in this process until it is told to stop, or until its parent is gone."""
    configure(settings.log_level)
    database = open_database(settings)
    worker = Worker(settings, database)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stopping.set())

    def look() -> None:
        while not worker.stopping.wait(BEAT):
            if os.getppid() != parent:
                worker.stopping.set()

    threading.Thread(target=look, name="parent", daemon=True).start()
    worker.run()
    database.close()


def _noted(path: Path) -> str:
    """Return what answered a job before; '' where nothing did."""
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _silent(line: str) -> None:
    """Hear what a person at a terminal would be told."""
