"""/v1/jobs: tables that are scored in the background, with progress, and kept until they are fetched."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from classifier import RolecallError
from classifier.tables import Options
from classifier.tables.opening import count_rows
from service.access import Caller
from service.jobs import queue
from service.jobs.excerpt import excerpt
from service.jobs.files import OUT, clear, folder_of
from service.openapi import KEY, NONE, REFUSALS, refusal, table_answer, table_body
from service.problems import Problem
from service.routes.score import Column, Format
from service.schemas import Excerpt, Explain, JobOut, Jobs, Policy, Summary
from service.spool import TYPES, receive
from service.state import State, state_of
from service.store.database import fresh_id, now, utc
from service.store.tables import JobRow

router = APIRouter(tags=["jobs"])

Key = Annotated[str | None, Header(min_length=1, max_length=200, description="The same key makes one job.")]


@router.post(
    "/v1/jobs",
    status_code=202,
    response_model=JobOut,
    summary="Score a large table in the background",
    openapi_extra=table_body() | KEY,
    responses=REFUSALS,
)
async def create(
    request: Request,
    text_column: Column = None,
    title_column: Column = None,
    format: Format = None,  # the name on the wire
    to: Format = None,
    explain: Explain = False,
    policy: Policy = None,
    idempotency_key: Key = None,
) -> Response:
    """Take a table as /v1/score does, and answer at once with the job that will score it.

    Its rows are taken off the quota now, whatever becomes of the job; more than are left are refused.
    """
    state = state_of(request)
    caller = await state.access.admit(request, "jobs")
    state.engine.deciding(policy)  # refused before the table is sent
    job_id = fresh_id()
    folder = folder_of(state.settings, job_id)
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.mkdir(parents=True)
        upload = await receive(request, state.settings, folder)
        known = format or upload.format
        options = {
            "text_column": text_column, "title_column": title_column,
            "source_format": known, "target_format": to or known, "explain": explain, "policy": policy,
        }  # fmt: skip
        fresh = await run_in_threadpool(_row, state, caller, job_id, upload.path, options, idempotency_key)
        row = await run_in_threadpool(queue.earlier, state.database, fresh, state.settings.max_jobs)
        if row is None:
            await _count(state, caller, upload.path, known)
            row = await run_in_threadpool(queue.add, state.database, fresh, state.settings.max_jobs)
        if row.id == job_id:
            undo.pop_all()
    record = _out(row).model_dump(mode="json", exclude_none=True)
    return JSONResponse(record, 202, {"Location": f"/v1/jobs/{row.id}"})


async def _count(state: State, caller: Caller, path: Path, known: str) -> None:
    """Take the rows of a table off the quota of a caller; raise Problem 429 where it has more.

    A table whose rows cannot be counted cannot be scored either: its job fails, and costs nothing.
    """
    if not state.access.counts_texts:
        return
    with suppress(RolecallError):
        rows = await run_in_threadpool(count_rows, Options(source=str(path), source_format=known))
        await state.access.count_texts(caller, rows)


def _row(
    state: State, caller: Caller, job_id: str, path: Path, options: dict[str, Any], key: str | None
) -> JobRow:  # fmt: skip
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    return JobRow(
        id=job_id, owner=caller.owner, state=queue.QUEUED, created=now(), options=options,
        model=state.engine.classifier.info.id, input_bytes=path.stat().st_size, input_hash=found,
        rows=0, passed=0, total=0, problem="", attempts=0, worker="", cancelling=False, idempotency_key=key,
    )  # fmt: skip


@router.get("/v1/jobs", summary="Your jobs, the newest first", openapi_extra=KEY, responses=NONE)
async def listing(request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Jobs:
    """Return the jobs of this key; those of all keys for an admin."""
    state = state_of(request)
    caller = await state.access.admit(request, "jobs")
    rows = await run_in_threadpool(queue.listed, state.database, _owner(caller), limit)
    return Jobs(jobs=[_out(row) for row in rows])


@router.get("/v1/jobs/{job_id}", summary="How far a job is", openapi_extra=KEY, responses=NONE)
async def show(request: Request, job_id: str) -> JobOut:
    """Return the state of a job, its progress, and at the end its counts."""
    return _out(await _found(request, job_id))


@router.get(
    "/v1/jobs/{job_id}/result",
    summary="The scored table",
    response_class=FileResponse,
    openapi_extra=KEY,
    responses={
        200: {"content": table_answer()},
        409: refusal("The job is not done."),
        **NONE,
    },
)
async def result(request: Request, job_id: str) -> Response:
    """Return the same rows in the same order, with the columns of the answer."""
    row = _done(await _found(request, job_id))
    kind = row.options["target_format"]
    path = folder_of(state_of(request).settings, row.id) / OUT
    return FileResponse(path, media_type=TYPES[kind], filename=f"scored.{kind}")


@router.get(
    "/v1/jobs/{job_id}/rows",
    summary="The first rows of the scored table",
    openapi_extra=KEY,
    responses={409: refusal("The job is not done."), **NONE},
)
async def rows(
    request: Request,
    job_id: str,
    role: Annotated[str | None, Query(max_length=20, description="Only rows with this decision.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Excerpt:
    """Return some rows as objects, long values cut, found among the first 100,000."""
    row = _done(await _found(request, job_id))
    path = folder_of(state_of(request).settings, row.id) / OUT
    return Excerpt(rows=await run_in_threadpool(excerpt, path, row.options["target_format"], role, limit))


@router.post("/v1/jobs/{job_id}/cancel", summary="Stop a job", openapi_extra=KEY, responses=NONE)
async def cancel(request: Request, job_id: str) -> JobOut:
    """Stop a job that waits or runs, within a second or so; one that has ended stays as it is."""
    row = await _found(request, job_id)
    await run_in_threadpool(queue.cancel, state_of(request).database, row.id)
    return _out(await run_in_threadpool(queue.get, state_of(request).database, row.id, None))


@router.delete(
    "/v1/jobs/{job_id}",
    status_code=204,
    summary="Remove a job and its files",
    openapi_extra=KEY,
    responses={409: refusal("The job is running."), **NONE},
)
async def remove(request: Request, job_id: str) -> None:
    """Remove a job that does not run, with the table that was sent and the one that was made."""
    state = state_of(request)
    row = await _found(request, job_id)
    if not await run_in_threadpool(queue.remove, state.database, row.id):
        raise Problem(409, f"job {row.id}: is running; cancel it first")
    await run_in_threadpool(clear, state.settings, row.id)


async def _found(request: Request, job_id: str) -> JobRow:
    state = state_of(request)
    caller = await state.access.admit(request, "jobs")
    return await run_in_threadpool(queue.get, state.database, job_id.replace("\0", ""), _owner(caller))


def _owner(caller: Caller) -> str | None:
    return None if caller.admin else caller.owner


def _done(row: JobRow) -> JobRow:
    if row.state != queue.DONE:
        raise Problem(409, f"job {row.id}: must be done, is {row.state}")
    return row


def _out(row: JobRow) -> JobOut:
    progress = 1.0 if row.state == queue.DONE else min(1.0, row.passed / row.total) if row.total else 0.0
    return JobOut(
        id=row.id,
        state=row.state,  # type: ignore[arg-type]  # one of the states
        created=utc(row.created),
        started=utc(row.started) if row.started else None,
        finished=utc(row.finished) if row.finished else None,
        rows=row.rows,
        progress=round(progress, 4),
        summary=None if row.summary is None else Summary.model_validate(row.summary),
        problem=row.problem or None,
        model=row.model,
        result=f"/v1/jobs/{row.id}/result" if row.state == queue.DONE else None,
    )
