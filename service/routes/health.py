"""GET /healthz, /readyz and /metrics: is the process alive, can it answer, what did it do."""

from __future__ import annotations

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from service.openapi import KEY, refusal
from service.problems import Problem
from service.state import state_of

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="The process is alive")
async def healthz() -> dict[str, str]:
    """Say so, whatever the state of the rest."""
    return {"status": "alive"}


@router.get("/readyz", summary="The service can answer", responses={503: refusal("Not yet.")})
async def readyz(request: Request) -> dict[str, str]:
    """Name the model that answers; refuse with 503 before there is one, or without the database."""
    state = state_of(request)
    model = state.engine.classifier.info.id
    if not await run_in_threadpool(state.database.alive):
        raise Problem(503, "the database does not answer", headers={"Retry-After": "5"})
    return {"status": "ready", "model": model}


@router.get("/metrics", summary="Counts for Prometheus", response_class=PlainTextResponse, openapi_extra=KEY)
async def metrics(request: Request) -> Response:
    """Return requests, latency, texts, roles, reasons and confidence."""
    await state_of(request).access.admit(request, "admin")
    body = await run_in_threadpool(state_of(request).metrics.exposition)
    return Response(body, media_type=CONTENT_TYPE_LATEST)
