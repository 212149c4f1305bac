"""Score a table in a thread and read the answers from it piece by piece, as they are made."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from classifier import RolecallError
from classifier.pipeline import Classifier
from classifier.tables import Options, Tally, score_file

PIECE: Final = 1 << 18


def signature_of(classifier: Classifier) -> str:
    """Return what says whether an earlier run was answered by the same model and policy."""
    return f"{classifier.info.id} {classifier.policy}"


async def scored(
    options: Options, classifier: Classifier, pool: ThreadPoolExecutor, done: Callable[[Tally], None]
) -> AsyncGenerator[bytes]:
    """Yield the bytes of the answered table; raise RolecallError where it cannot be read.

    ``done`` hears the counts at the end. The thread waits while nobody takes what it made, and
    ends when the iterator is closed.
    """
    reading, writing = os.pipe()
    options = replace(options, target=f"/dev/fd/{writing}")

    def work() -> RolecallError | None:
        try:
            done(score_file(options, classifier.answer_columns, signature=signature_of(classifier), say=_silent))
        except RolecallError as error:
            return type(error)(str(error))
        except BrokenPipeError:
            return None  # nobody reads on
        finally:
            os.close(writing)
        return None

    running = asyncio.get_running_loop().run_in_executor(pool, work)
    async with aclosing(_read(reading)) as pieces:
        async for piece in pieces:
            yield piece
        if error := await running:
            raise error


async def _read(pipe: int) -> AsyncGenerator[bytes]:
    """Yield what comes through a pipe until its other end is closed, and close this one."""
    stream = asyncio.StreamReader(limit=PIECE)
    protocol: Any = asyncio.StreamReaderProtocol(stream)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(pipe, "rb", 0))
    try:
        while piece := await stream.read(PIECE):
            yield piece
    finally:
        transport.close()


def plain_words(error: RolecallError, path: Path) -> str:
    """Return what an error says in the words of the API: no paths of ours, parameters and not options."""
    said = str(error).replace(str(path), "body")
    for option in ("text-column", "title-column", "from", "to"):
        said = said.replace(f"--{option}", f"the parameter {option.replace('-', '_')}")
    return said


def _silent(line: str) -> None:
    """Hear what a person at a terminal would be told."""
