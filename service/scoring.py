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

from classifier import RolecallError, artefact
from classifier.pipeline import Classifier
from classifier.tables import Answer, Options, Tally, score_file

PIECE: Final = 1 << 18

_PARAMETERS: Final = {
    "--text-column": "text_column", "--title-column": "title_column", "--from": "format", "--to": "to",
}  # fmt: skip
"""Options of the command line, and what they are called here."""


def answering(classifier: Classifier, *, explain: bool) -> tuple[Answer, str]:
    """Return what answers the rows of a table, and what says whether an earlier run was answered by the same."""
    answer = classifier.explain_columns if explain else classifier.answer_columns
    return answer, f"{classifier.info.id} {classifier.policy} {explain}"


async def scored(
    options: Options, answer: tuple[Answer, str], pool: ThreadPoolExecutor, done: Callable[[Tally], None]
) -> AsyncGenerator[bytes]:
    """Yield the bytes of the answered table; raise RolecallError where it cannot be read.

    ``done`` hears the counts at the end. The thread waits while nobody takes what it made, and
    ends when the iterator is closed.
    """
    reading, writing = os.pipe()
    options = replace(options, target=f"/dev/fd/{writing}")

    def work() -> RolecallError | None:
        try:
            done(score_file(options, answer[0], signature=answer[1], say=_silent))
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
    said = str(error).replace(str(path), "body").replace(str(artefact.models_folder()), "models")
    for option, parameter in _PARAMETERS.items():
        said = said.replace(option, f"the parameter {parameter}")
    return said


def _silent(line: str) -> None:
    """Hear what a person at a terminal would be told."""
