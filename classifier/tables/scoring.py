"""The loop: batches in, answered by some threads, out in the same order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Final, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from classifier.tables.batches import Answer, Answered, Batch, Columns, blanked
from classifier.tables.tally import Tally
from classifier.tables.writers import Encoded, Writer

DECIMALS: Final = 8
"""Digits after the point of probabilities in files: their sum is 1 within 1e-7."""

AHEAD: Final = 2
"""Batches that wait beside those being answered."""


Item = TypeVar("Item")
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Scorer:
    """How a batch is answered: by what, and from which columns."""

    answer: Answer
    text: int
    title: int | None = None
    id_column: int | None = None

    def ours(self) -> Columns:
        """Return our columns with no rows: their names and types."""
        nothing = pa.array([], pa.large_string())
        return blanked(self.answer(nothing, None if self.title is None else nothing), {}, 0)

    def answered(self, batch: Batch) -> Answered:
        """Answer a batch: rows that cannot be read or scored get ``error``, the others our columns."""
        problems = dict(batch.problems())
        texts = batch.strings(self.text, problems)
        titles = None if self.title is None else batch.strings(self.title, problems)
        columns = answer_rows(self.answer, texts, titles, problems)
        return Answered(batch, {name: _rounded(column) for name, column in columns.items()}, problems)


def answer_rows(answer: Answer, texts: pa.Array, titles: pa.Array | None, problems: dict[int, str]) -> Columns:
    """Answer texts; return our columns with ``error``, and note in ``problems`` the rows that fail."""
    try:
        columns = answer(texts, titles)
    except MemoryError:
        raise
    except Exception:
        if len(texts) == 0:
            raise
        columns = _one_by_one(answer, texts, titles, problems)
    return blanked(columns, problems, len(texts))


def _one_by_one(answer: Answer, texts: pa.Array, titles: pa.Array | None, problems: dict[int, str]) -> Columns:
    """Answer each row alone after the batch failed."""
    empty = pa.array([""], pa.large_string())
    parts: list[Columns] = []
    for row in range(len(texts)):
        try:
            parts.append(answer(texts.slice(row, 1), None if titles is None else titles.slice(row, 1)))
        except MemoryError:
            raise
        except Exception as error:
            problems.setdefault(row, f"cannot be scored: {type(error).__name__}: {error}".splitlines()[0])
            parts.append(answer(empty, None if titles is None else empty))
    return {name: pa.concat_arrays([part[name] for part in parts]) for name in parts[0]}


def ordered(work: Callable[[Item], Done], items: Iterable[Item], workers: int) -> Generator[Done]:
    """Do ``work`` on the items with some threads and yield what it returns, in order.

    Only a few items are in memory at a time.
    """
    pool = ThreadPoolExecutor(workers, "rolecall")
    waiting: deque[Future[Done]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= workers + AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def run(
    batches: Iterator[Batch], scorer: Scorer, writer: Writer[Encoded], tally: Tally, *,
    workers: int, written: Callable[[Batch], None],
) -> None:  # fmt: skip
    """Answer all batches with ``workers`` threads and write them in order; ``written`` hears of each."""

    def work(batch: Batch) -> tuple[Answered, Encoded]:
        answered = scorer.answered(batch)
        return answered, writer.encode(answered)

    with closing(ordered(work, batches, workers)) as results:
        for answered, encoded in results:
            tally.add(answered, scorer.id_column)
            writer.append(encoded)
            written(answered.batch)


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _rounded(column: pa.Array) -> pa.Array:
    return pc.round(column, DECIMALS) if pa.types.is_floating(column.type) else column
