"""/v1/feedback: what people say of the answers; added, exported, never changed."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query, Request
from pydantic import ValidationError
from sqlalchemy import select, update
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse

from service.access import Caller
from service.body import read_json
from service.openapi import KEY, NONE, REFUSALS, body_of
from service.problems import refuse
from service.requests import got, problem_of
from service.schemas import FeedbackIn, FeedbackOut
from service.settings import Settings
from service.state import state_of
from service.store.database import Database, fresh_id, now, utc
from service.store.once import add_once
from service.store.tables import FeedbackRow

router = APIRouter(tags=["feedback"])

COLUMNS = ("text", "role", "title", "proposed", "who", "model", "reference", "created", "id")
"""Columns of the export; training takes the first two and leaves the others."""


@router.post(
    "/v1/feedback",
    status_code=201,
    response_model=FeedbackOut,
    summary="Say which role a text really belongs to",
    openapi_extra=body_of(FeedbackIn) | KEY,
    responses={**REFUSALS, 401: NONE[401], 403: NONE[403]},
)
async def add(
    request: Request, idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None
) -> Response:
    """Keep what a person says of an answer; its text only where the service is set to keep texts."""
    state = state_of(request)
    caller = await state.access.admit(request, "feedback")
    sent = _checked(await read_json(request, state.settings), state.settings)
    row = _row(sent, caller, idempotency_key, keep=state.settings.keep_texts_days > 0)
    kept = await run_in_threadpool(add_once, state.database, row)
    return JSONResponse(_out(kept).model_dump(mode="json"), 201)


def _checked(data: object, settings: Settings) -> FeedbackIn:
    if not isinstance(data, dict):
        raise refuse(422, "body", "an object", got(data))
    try:
        sent = FeedbackIn.model_validate(data)
    except ValidationError as error:
        raise problem_of(error) from None
    for name in ("text", "title"):
        if len(getattr(sent, name) or "") > settings.max_text:
            raise refuse(422, name, f"at most {settings.max_text} characters", "more")
    return sent


def _row(sent: FeedbackIn, caller: Caller, key: str | None, *, keep: bool) -> FeedbackRow:
    body = orjson.dumps(sent.model_dump(), option=orjson.OPT_SORT_KEYS)
    return FeedbackRow(
        id=fresh_id(), created=now(), owner=caller.owner, proposed=sent.proposed, final=sent.final, who=sent.who,
        model=sent.model, reference=sent.reference, text=_storable(sent.text) if keep else None,
        title=_storable(sent.title) if keep else None, idempotency_key=key,
        request_hash=hashlib.sha256(body).hexdigest(),
    )  # fmt: skip


def _storable(text: str | None) -> str | None:
    """Return a text without NUL, which PostgreSQL cannot hold and the model does not read."""
    return None if text is None else text.replace("\0", " ")


@router.get(
    "/v1/feedback/export",
    summary="Labelled rows for training",
    response_class=StreamingResponse,
    openapi_extra=KEY,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, 401: NONE[401], 403: NONE[403]},
)
async def export(
    request: Request,
    without_texts: Annotated[bool, Query(description="Also the rows whose text was not kept.")] = False,
) -> Response:
    """Return a CSV that `rolecall train --labelled` takes: the text and the role that people gave it."""
    state = state_of(request)
    await state.access.admit(request, "admin")
    if state.settings.keep_texts_days:
        await run_in_threadpool(forget, state.database, state.settings.keep_texts_days)
    pieces = iterate_in_threadpool(_lines(state.database, everything=without_texts))
    headers = {"Content-Disposition": 'attachment; filename="feedback.csv"'}
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=headers)


def forget(database: Database, days: int) -> None:
    """Empty the texts of feedback that is older than this many days."""
    with database.session() as session:
        old = (FeedbackRow.created < now() - timedelta(days=days), FeedbackRow.text.is_not(None))
        session.execute(update(FeedbackRow).where(*old).values(text=None, title=None))


def _lines(database: Database, *, everything: bool) -> Iterator[str]:
    """Yield the lines of the export, a thousand rows at a time."""
    yield _line(COLUMNS)
    last: Any = None
    while True:
        query = select(FeedbackRow).order_by(FeedbackRow.created, FeedbackRow.id).limit(1000)
        query = query if everything else query.where(FeedbackRow.text.is_not(None))
        if last is not None:
            later = (FeedbackRow.created > last.created) | (
                (FeedbackRow.created == last.created) & (FeedbackRow.id > last.id)
            )
            query = query.where(later)
        with database.session() as session:
            found = session.scalars(query).all()
        if not found:
            return
        last = found[-1]
        yield "".join(
            _line((row.text or "", row.final, row.title or "", row.proposed, row.who, row.model, row.reference,
                   utc(row.created).isoformat(), row.id))
            for row in found
        )  # fmt: skip


def _line(values: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue()


def _out(row: FeedbackRow) -> FeedbackOut:
    return FeedbackOut(id=row.id, created=utc(row.created), text_kept=row.text is not None)
