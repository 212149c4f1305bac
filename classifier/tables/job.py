"""Score a file: open, answer, write, and go on where an earlier run was broken off."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any, Final

from classifier.errors import InputError, UsageError
from classifier.tables.batches import Answer, Batch
from classifier.tables.formats import STANDARD
from classifier.tables.opening import Options, Plan, described, open_writer, plan
from classifier.tables.scoring import Scorer, run, usable_cores
from classifier.tables.streams import HEAD, open_bytes
from classifier.tables.tally import Tally
from classifier.tables.target import Partial, Target, open_target, said
from classifier.tables.writers import TextTable

NOTE: Final = 2
"""Version of the notes that runs go on from."""

EVERY: Final = 1.0
"""Seconds between two notes."""

Say = Callable[[str], None]
"""Takes a line for the user."""

Progress = Callable[[int, int, int | None, str], None]
"""Takes the rows written, how much was read, of how much (None if not known), and the unit of both."""


def score_file(
    options: Options, answer: Answer, *, signature: str, say: Say, progress: Progress | None = None,
    every: float = EVERY,
) -> Tally:  # fmt: skip
    """Score a table as ``options`` say and return the counts.

    ``signature`` says what answers (the model's id, the policy, whether it explains), so that
    a run is not gone on with by another; ``every`` is the time in seconds between two notes.
    Raises UsageError, InputError or OutputError; then nothing stands under the final name. What
    is kept of a run that was broken off, and how to go on, is a note on the error.
    """
    _check(options)
    chosen = plan(options)
    try:
        if options.resume and STANDARD in {options.source, chosen.name}:
            raise UsageError("--resume: needs files on both sides, got a standard stream. Name the input and -o a file")
        target = open_target(chosen.name)
        say(described(chosen, options))
        try:
            with said(chosen.name):
                job = _Job(options, chosen, target, answer, signature, say)
                job.run(progress, every)
        except BaseException as error:
            note = target.abandon(keep=not isinstance(error, InputError | UsageError))
            if note is not None:
                rows = f"{note['tally']['rows']:,} rows are kept"
                error.add_note(f"{chosen.name}: {rows}. Give the same command with --resume to go on")
            elif isinstance(target, Partial) and isinstance(error, KeyboardInterrupt):
                error.add_note(f"{chosen.name}: nothing is kept")
            raise
    finally:
        chosen.reader.close()
    if options.target is None and chosen.name != STANDARD:
        say(f"wrote {chosen.name}")
    return job.tally


class _Job:
    """One run: where it starts, and the notes it leaves for another to go on from."""

    def __init__(
        self, options: Options, plan: Plan, target: Target, answer: Answer, signature: str, say: Say
    ) -> None:  # fmt: skip
        self._options, self._plan, self._target = options, plan, target
        self._scorer = Scorer(answer, plan.choice.text, plan.choice.title, plan.choice.id_column)
        self._work = {"version": NOTE, "signature": signature} | _identity(options)
        self._note = _earlier(target, self._work, say) if options.resume else None
        self.tally = Tally()
        if isinstance(target, Partial):
            target.start(self._note["output_bytes"] if self._note else 0)
        self._writer = open_writer(plan, target, self._scorer)
        if self._note:
            self.tally = Tally.from_note(self._note["tally"])
            say(f"going on after row {self.tally.rows}")
        elif isinstance(self._writer, TextTable):
            self._writer.begin()

    def run(self, progress: Progress | None, every: float) -> None:
        """Score all rows that are left and give the output its name."""
        reader, noted = self._plan.reader, time.monotonic()

        def written(batch: Batch) -> None:
            nonlocal noted
            if progress is not None:
                progress(self.tally.rows, reader.passed, reader.total, reader.unit)
            if self._writer.resumable and isinstance(self._target, Partial):
                self._note = self._after(batch)
                if time.monotonic() - noted >= every:
                    self._target.keep(self._note)
                    noted = time.monotonic()

        position = int(self._note["position"]) if self._note else 0
        batches = _limited(reader.batches(position), self._options.limit, self.tally.rows)
        workers = self._options.workers or usable_cores()
        try:
            run(batches, self._scorer, self._writer, self.tally, workers=workers, written=written)
            self._writer.finish()
        except BaseException as error:
            if self._note and isinstance(error, KeyboardInterrupt):
                self._target.keep(self._note)
            self._writer.abandon()
            raise
        self._target.finish()

    def _after(self, batch: Batch) -> dict[str, Any]:
        done = {"position": batch.position, "output_bytes": self._target.size, "tally": self.tally.to_note()}
        return self._work | done


def _limited(batches: Iterator[Batch], limit: int | None, rows: int) -> Iterator[Batch]:
    """Stop after ``limit`` rows, ``rows`` of which an earlier run did."""
    for batch in batches:
        if limit is not None and rows + batch.rows > limit:
            if rows < limit:
                yield batch.first(limit - rows)
            return
        rows += batch.rows
        yield batch


def _check(options: Options) -> None:
    for option, value in (("--workers", options.workers), ("--limit", options.limit)):
        if value is not None and value < 1:
            raise UsageError(f"{option}: must be 1 or more, got {value}. Leave it out or give a greater number")


def _identity(options: Options) -> dict[str, Any]:
    """Say what is scored and how, as far as it decides the bytes of the output."""
    chosen = asdict(options)
    for free in ("workers", "resume"):
        del chosen[free]
    if options.source == STANDARD:
        return {"options": chosen}
    state = os.stat(options.source)
    with open_bytes(options.source) as file:
        head = hashlib.sha256(file.read(HEAD)).hexdigest() if file.seekable() else ""
    return {"options": chosen, "input": {"size": state.st_size, "mtime_ns": state.st_mtime_ns, "head": head}}


def _earlier(target: Target, base: dict[str, Any], say: Say) -> dict[str, Any] | None:
    """Return the note of an earlier run of the same work; raise UsageError if it was other work."""
    note = target.note() if isinstance(target, Partial) else None
    if note is None:
        say("nothing to go on from: starting at the first row")
        return None
    names = {"input": "the input file", "options": "the options", "signature": "the model", "version": "the version"}
    changed = [name for key, name in names.items() if note.get(key) != base.get(key)]
    if changed:
        raise UsageError(
            f"{target.name}: the run to go on from must have been the same, but {' and '.join(changed)} changed. "
            "Leave --resume out to start over"
        )
    return note
