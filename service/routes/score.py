"""POST /v1/score: a table in, the same table with the answers out."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import ExitStack, aclosing
from pathlib import Path
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from classifier import RolecallError, UsageError
from classifier.tables import Options, Tally
from service.openapi import KEY, REFUSALS, table_answer, table_body
from service.problems import Problem
from service.schemas import Explain, Policy
from service.scoring import answering, plain_words, scored
from service.spool import TYPES, receive
from service.state import state_of
from service.streamed import Streamed

router = APIRouter(tags=["score"])

Format = Annotated[
    Literal["csv", "tsv", "jsonl", "parquet"] | None,
    Query(description="Told by type, name or content where it is not given."),
]
Column = Annotated[str | None, Query(max_length=200, description="Found by its name where it is not given.")]

_DESCRIPTION: Final = "The same rows in the same order, with the columns of the answer."


@router.post(
    "/v1/score",
    summary="Answer every row of a CSV, TSV, JSONL or Parquet table",
    response_class=Response,
    openapi_extra=table_body() | KEY,
    responses={
        200: {
            "description": _DESCRIPTION,
            "content": table_answer(),
        },
        **REFUSALS,
    },
)
async def score(
    request: Request,
    text_column: Column = None,
    title_column: Column = None,
    format: Format = None,  # the name on the wire
    to: Format = None,
    explain: Explain = False,
    policy: Policy = None,
) -> Streamed:
    """Take a table as the body or as the one file of a form, plain or packed with gzip, and send it back answered.

    Rows that cannot be scored come back with `error` filled. What cannot be read at all is refused. `explain` adds
    the column `responsibilities`: those found in each text, strongest first.
    """
    state = state_of(request)
    caller = await state.access.admit(request, "classify")
    answer = answering(state.engine.deciding(policy), explain=explain)
    await state.access.check_texts(caller)
    with ExitStack() as held:
        held.enter_context(state.slots.taken())
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="rolecall-")))
        upload = await receive(request, state.settings, folder)
        known = format or upload.format
        wanted = Options(
            source=str(upload.path), text_column=text_column, title_column=title_column,
            source_format=known, target_format=to or known, workers=1,
        )  # fmt: skip
        tallies: list[Tally] = []

        async def after() -> None:
            for tally in tallies:
                state.metrics.tally("score", tally.roles, tally.reasons)
                await state.access.take_texts(caller, tally.rows)

        pieces = scored(wanted, answer, state.pool, tallies.append)
        first = await _first(pieces, upload.path)
        return Streamed(
            _all(first, pieces, after),
            idle=state.settings.idle_seconds,
            after=held.pop_all().close,
            media_type=TYPES[to or known],
            headers={"Content-Disposition": f'attachment; filename="scored.{to or known}"'},
        )


async def _first(pieces: AsyncGenerator[bytes], path: Path) -> bytes:
    """Return the first piece; until then, what cannot be read can still be refused."""
    try:
        return await anext(pieces, b"")
    except RolecallError as error:
        raise Problem(422 if isinstance(error, UsageError) else 400, plain_words(error, path)) from None


async def _all(
    first: bytes, pieces: AsyncGenerator[bytes], after: Callable[[], Awaitable[None]]
) -> AsyncGenerator[bytes]:
    async with aclosing(pieces):
        yield first
        async for piece in pieces:
            yield piece
    await after()
