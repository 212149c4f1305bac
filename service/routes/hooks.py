"""/v1/hooks: what GitHub and GitLab tell of issues; checked, answered, written down, labelled afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from classifier.records import UNSURE, Result
from service.body import check_type, parsed, read_body
from service.hooks import deliveries
from service.hooks.payloads import (
    GITHUB,
    GITLAB,
    OPENED,
    Event,
    GitHubIssues,
    GitLabIssueHook,
    read_github,
    read_gitlab,
)  # fmt: skip
from service.hooks.proof import check_signature, check_token
from service.hooks.schemas import Deliveries, DeliveryOut, HookOut
from service.hooks.sender import is_role_label
from service.openapi import KEY, NONE, REFUSALS, body_of, refusal
from service.problems import Problem, refuse
from service.requests import checked, got, problem_of
from service.state import State, state_of
from service.store.database import fresh_id, now, utc
from service.store.tables import DONE, QUEUED, DeliveryRow

router = APIRouter(tags=["hooks"])

Check = Callable[[bytes], None]
Id = Annotated[str | None, Header(min_length=1, max_length=200)]

_HOOK: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": HookOut, "description": "It is nothing to us."},
    **{status: told for status, told in REFUSALS.items() if status != 403},
    401: refusal("The signature or token is not right."),
    404: refusal("The service has no such hook."),
}


@router.post(
    "/v1/hooks/github",
    status_code=202,
    response_model=HookOut,
    summary="Hear of an issue on GitHub",
    openapi_extra=body_of(GitHubIssues),
    responses=_HOOK,
)
async def github(
    request: Request,
    x_github_event: Annotated[str, Header(max_length=100)],
    x_github_delivery: Annotated[str, Header(min_length=1, max_length=200)],
    x_hub_signature_256: Annotated[str | None, Header()] = None,
) -> Response:
    """Take a delivery of the event `issues`; an issue that was opened is answered and labelled. Others do nothing."""
    secret = _secret(state_of(request).settings.github_secret, GITHUB)
    body = await _body(request, GITHUB, lambda raw: check_signature(raw, x_hub_signature_256, secret))
    event = _read(read_github, x_github_event, body)
    return await _heard(request, GITHUB, event, body, x_github_delivery, "X-GitHub-Delivery")


@router.post(
    "/v1/hooks/gitlab",
    status_code=202,
    response_model=HookOut,
    summary="Hear of an issue on GitLab",
    openapi_extra=body_of(GitLabIssueHook),
    responses=_HOOK,
)
async def gitlab(
    request: Request,
    x_gitlab_event: Annotated[str, Header(max_length=100)],
    x_gitlab_token: Annotated[str | None, Header()] = None,
    idempotency_key: Id = None,
) -> Response:
    """Take a delivery of the event `Issue Hook`; an issue that was opened is answered and labelled. Others do nothing.

    GitLab before 17.4 sends no `Idempotency-Key`: there, a delivery is known by its body.
    """
    secret = _secret(state_of(request).settings.gitlab_secret, GITLAB)
    body = await _body(request, GITLAB, lambda raw: check_token(x_gitlab_token, secret))
    event = _read(read_gitlab, x_gitlab_event, body)
    return await _heard(request, GITLAB, event, body, idempotency_key or _hash(body), "Idempotency-Key")


@router.get(
    "/v1/hooks/deliveries",
    response_model_exclude_none=True,
    summary="What came of the deliveries, the newest first",
    openapi_extra=KEY,
    responses={401: NONE[401], 403: NONE[403]},
)
async def listing(request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Deliveries:
    """Return the deliveries of both systems that told something of an issue."""
    state = state_of(request)
    await state.access.admit(request, "admin")
    rows = await run_in_threadpool(deliveries.listed, state.database, limit)
    prefix = state.settings.hooks_label_prefix
    return Deliveries(deliveries=[_delivery(row, prefix) for row in rows])


def _secret(secret: str, system: str) -> str:
    if not secret:
        raise Problem(
            404, f"the service has no hook for {system}; it is there once ROLECALL_{system.upper()}_SECRET is set"
        )
    return secret


async def _body(request: Request, system: str, check: Check) -> bytes:
    """Return the body of a delivery that is what its sender signed; raise Problem where it is not."""
    state = state_of(request)
    await state.access.count_request(request)
    check_type(request, "application/json")
    body = await read_body(request, state.settings)
    try:
        check(body)
    except Problem:
        state.metrics.hook(system, "refused")
        raise
    return body


def _read(read: Callable[[str, Any], Event | None], event: str, body: bytes) -> Event | None:
    data = parsed(body)
    if not isinstance(data, dict):
        raise refuse(422, "body", "an object", got(data))
    try:
        return read(event, data)
    except ValidationError as error:
        raise problem_of(error) from None


async def _heard(request: Request, system: str, event: Event | None, body: bytes, key: str, header: str) -> Response:
    """Write a delivery down with its answer, and say what comes of it."""
    state = state_of(request)
    prefix = state.settings.hooks_label_prefix
    marked = event is not None and any(is_role_label(label, prefix) for label in event.labels)
    if event is None or not (event.kind == OPENED or marked):
        return _said(state, system, HookOut(outcome="ignored"), 200)
    result = await _answer(state, event) if event.kind == OPENED else None
    row = _row(event, result, _outcome(state, event, result, marked=marked))
    row.owner, row.idempotency_key, row.request_hash = system, key, _hash(body)
    kept = await run_in_threadpool(deliveries.add, state.database, row, header)
    if kept.state == QUEUED:
        state.sender.wake()
    told = HookOut(**_facts(kept, prefix), repeated=kept.id != row.id)
    return _said(state, system, told, 202)


async def _answer(state: State, event: Event) -> Result:
    """Answer an issue as any other text, under the same limits."""
    _, items = checked({"text": event.text, "title": event.title}, state.settings)
    results, _ = await state.engine.answer([items[0].text], [items[0].title])
    state.metrics.tally("hooks", {results[0].role: 1}, {results[0].reason: 1})
    return results[0]


def _outcome(state: State, event: Event, result: Result | None, *, marked: bool) -> deliveries.Outcome:
    if result is None:
        return "noted"
    if result.role in {UNSURE, "none"}:
        return "undecided"
    if marked:
        return "kept"
    return "dry_run" if state.settings.hooks_dry_run else "waiting"


def _row(event: Event, result: Result | None, outcome: deliveries.Outcome) -> DeliveryRow:
    moment, waits = now(), outcome == "waiting"
    return DeliveryRow(
        id=fresh_id(), created=moment, due=moment, event=event.kind, repository=event.repository, issue=event.issue,
        number=event.number, role=result.role if result else "", confidence=result.confidence if result else 0.0,
        model=result.model if result else "", outcome=outcome, state=QUEUED if waits else DONE,
        finished=None if waits else moment, problem="", attempts=0, worker="",
    )  # fmt: skip


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _facts(row: DeliveryRow, prefix: str) -> dict[str, Any]:
    """Return what is told of a delivery to whoever may hear it."""
    labelled = row.role not in {"", UNSURE, "none"}
    return {
        "id": row.id,
        "outcome": deliveries.outcome_of(row),
        "role": row.role or None,
        "confidence": row.confidence if row.role else None,
        "label": prefix + row.role if labelled else None,
    }


def _delivery(row: DeliveryRow, prefix: str) -> DeliveryOut:
    return DeliveryOut(
        **_facts(row, prefix),
        system=row.owner,
        repository=row.repository,
        number=row.number,
        created=utc(row.created),
        attempts=row.attempts,
        problem=row.problem or None,
        model=row.model or None,
    )


def _said(state: State, system: str, told: HookOut, status: int) -> Response:
    state.metrics.hook(system, "repeated" if told.repeated else told.outcome)
    return JSONResponse(told.model_dump(mode="json", exclude_none=True), status)
