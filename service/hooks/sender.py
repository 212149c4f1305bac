"""The thread that sets the labels: takes what is due, asks first what people did, tries again later.

It removes old deliveries, too, and goes on doing so where no label is set: in a dry run, or without hooks.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError

from service.hooks import deliveries
from service.hooks.systems import Refused, System, Unavailable, open_systems
from service.logs import places
from service.metrics import Metrics
from service.settings import Settings
from service.store import leases
from service.store.database import Database, fresh_id, now
from service.store.tables import DONE, FAILED, DeliveryRow

BEAT: Final = 1.0
"""Seconds between two looks for what is due."""
TIDY: Final = 600.0
"""Seconds between two looks for what is old."""
LONGEST: Final = 3600.0
"""Seconds between two attempts at most, unless the system asks for more."""
CALLS: Final = 6
"""Calls that may take their whole time before a lease lapses."""

log = logging.getLogger("rolecall.hooks")


def is_role_label(label: str, prefix: str) -> bool:
    """Whether a label says a role: it begins as ours do, in any case, with or without the space."""
    return label.casefold().startswith(prefix.rstrip().casefold())


class Sender:
    """Sets one label after the other."""

    def __init__(self, settings: Settings, database: Database, metrics: Metrics) -> None:
        """Prepare to work; raise UsageError where the settings do not allow it."""
        self._settings, self._database, self._metrics = settings, database, metrics
        self._systems: dict[str, System] = open_systems(settings)
        self._lease = CALLS * settings.hooks_seconds
        self._id = fresh_id()
        self._stopping, self._wake = False, threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Work in a thread meanwhile."""
        thread = threading.Thread(target=self._run, name="hooks", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopping = True
            self.wake()
            thread.join(self._settings.shutdown_seconds)  # what it leaves is done after the next start
            for system in self._systems.values():
                system.close()

    def wake(self) -> None:
        """Look at once for what is due."""
        self._wake.set()

    def _run(self) -> None:
        tidied = -math.inf
        while True:
            self._wake.clear()
            if self._stopping:
                return
            try:
                if time.monotonic() - tidied > TIDY:
                    tidied = time.monotonic()
                    deliveries.forget(self._database, self._settings.hooks_keep_days)
                if not (self._systems and self.one()):
                    self._wake.wait(BEAT if self._systems else TIDY)
            except SQLAlchemyError as error:
                log.error("database", extra={"fault": type(error).__name__, "place": places(error)})
                self._wake.wait(5 * BEAT)

    def one(self) -> bool:
        """Do what is due first, if anything is; return whether there was something."""
        row = deliveries.take(self._database, self._id, self._lease, self._settings.hooks_attempts, self._systems)
        if row is None:
            return False
        try:
            outcome = self._label(row, self._systems[row.owner])
        except Refused as error:
            self._end(row, state=FAILED, problem=str(error))
        except Unavailable as error:
            self._later(row, str(error), error.wait)
        except SQLAlchemyError:
            raise
        except Exception as error:
            fault = {"delivery": row.id, "fault": type(error).__name__, "place": places(error)}
            log.error("fault", extra=fault)
            self._later(row, "a fault of ours; the log has more under the id of the delivery", None)
        else:
            if outcome is not None:
                self._end(row, state=DONE, outcome=outcome)
        return True

    def _label(self, row: DeliveryRow, system: System) -> deliveries.Outcome | None:
        """Set the label of an issue that never had one of its kind; None where another does it."""
        prefix = self._settings.hooks_label_prefix
        if deliveries.labels_changed(self._database, row):
            return "kept"
        if any(is_role_label(label, prefix) for label in system.labels(row.repository, row.number)):
            return "kept"
        if not deliveries.renew(self._database, row, self._lease):
            return None
        system.add(row.repository, row.number, prefix + row.role)
        return "labelled"

    def _later(self, row: DeliveryRow, problem: str, wait: float | None) -> None:
        """Try again after a time that doubles, or after the one that the system said."""
        if row.attempts >= self._settings.hooks_attempts:
            self._end(row, state=FAILED, problem=problem)
            return
        seconds = min(self._settings.hooks_backoff * 2.0 ** (row.attempts - 1), LONGEST)
        deliveries.put_off(self._database, row, max(seconds, wait or 0.0), problem, all_of_it=wait is not None)
        self._tell(row, "retried")

    def _end(self, row: DeliveryRow, **values: Any) -> None:  # columns of the delivery
        values = {"problem": ""} | values
        if leases.change(self._database, row, finished=now(), **values):
            self._tell(row, values.get("outcome", "failed"))

    def _tell(self, row: DeliveryRow, outcome: str) -> None:
        self._metrics.hook(row.owner, outcome)
        log.info(outcome, extra={"delivery": row.id})
