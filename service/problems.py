"""What went wrong, as ``application/problem+json`` (RFC 9457): what, where, allowed, got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from classifier import InputError, RolecallError, UsageError

MEDIA_TYPE: Final = "application/problem+json"
SHOWN: Final = 20
"""Faults of one request that are listed; the others are counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: where it is, what is allowed there, and what was sent."""

    where: str
    allowed: str
    got: str


@dataclass(slots=True)
class Problem(Exception):
    """A request that cannot be answered; raised anywhere, sent by :func:`install`'s handler."""

    status: int
    detail: str
    faults: tuple[Fault, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self, request_id: str) -> Response:
        """Return the answer that says so."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "request_id": request_id,
        }
        if self.faults:
            body["errors"] = [
                {"where": fault.where, "allowed": fault.allowed, "got": fault.got} for fault in self.faults[:SHOWN]
            ]
        if len(self.faults) > SHOWN:
            body["more_errors"] = len(self.faults) - SHOWN
        return Response(orjson.dumps(body), self.status, dict(self.headers), MEDIA_TYPE)


def refuse(status: int, where: str, allowed: str, got: str, headers: Mapping[str, str] | None = None) -> Problem:
    """Return a problem with one fault, its detail a sentence made of it."""
    return Problem(status, f"{where}: must be {allowed}, got {got}", (Fault(where, allowed, got),), headers or {})


def request_id(request: Request) -> str:
    """Return the id that the answer and the log carry for this request."""
    return str(request.scope.get("request_id", ""))


def install(app: FastAPI) -> None:
    """Make every refusal of an app a problem: ours, the library's and the framework's."""

    @app.exception_handler(Problem)
    async def problem(request: Request, error: Problem) -> Response:
        return error.response(request_id(request))

    @app.exception_handler(RolecallError)
    async def refused(request: Request, error: RolecallError) -> Response:
        status = 422 if isinstance(error, UsageError) else 400 if isinstance(error, InputError) else 503
        return Problem(status, str(error)).response(request_id(request))

    @app.exception_handler(HTTPException)
    async def framework(request: Request, error: HTTPException) -> Response:
        detail = _DETAILS.get(error.status_code, error.detail)
        return Problem(error.status_code, detail, headers=error.headers or {}).response(request_id(request))

    @app.exception_handler(RequestValidationError)
    async def parameters(request: Request, error: RequestValidationError) -> Response:
        found = error.errors()
        faults = tuple(Fault("/".join(map(str, one["loc"])), one["msg"], _shown(one.get("input"))) for one in found)
        return Problem(422, "the request has parameters that are not allowed", faults).response(request_id(request))


_DETAILS: Final = {
    404: "there is nothing at this path; /openapi.json lists what there is",
    405: "this path has other methods; the Allow header names them",
}


def _shown(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
