"""What every request goes through: an id, the checks of where it comes from, safe headers, one line in the log."""

from __future__ import annotations

import logging
import random
import re
import time
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.logs import places
from service.metrics import Metrics
from service.problems import Problem

ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""Ids of requests that are taken over from the caller."""

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
"""Headers of every answer, unless the endpoint sets its own."""

PAGE_HEADERS: Final = {
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""Headers that mean something for a page only: data has no frames, links or permissions. Without a referrer at all,
browsers would send the page's form with the origin 'null', which is refused."""

_READ: Final = frozenset({b"host", b"origin", b"x-request-id"})
_ENCODED: Final = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_PAGE_ENCODED: Final = [(name.lower().encode(), value.encode()) for name, value in PAGE_HEADERS.items()]

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Methods that are counted by name."""

log = logging.getLogger("rolecall.access")


class Envelope:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str], metrics: Metrics) -> None:
        """Wrap an app; ``hosts`` are the names that requests may use, none for any."""
        self.app, self.hosts, self.metrics = app, hosts, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        headers = {name: value for name, value in scope["headers"] if name in _READ}
        asked = headers.get(b"x-request-id", b"").decode("latin-1")
        request_id = asked if ID.fullmatch(asked) else f"{random.getrandbits(128):032x}"
        scope["request_id"] = request_id
        seen: dict[str, Any] = {"status": 0}

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                _complete(message, request_id)
            await send(message)

        try:
            if problem := self._refused(scope, headers):
                await problem.response(request_id)(scope, receive, answer)
            else:
                await self.app(scope, receive, answer)
        except Exception as error:
            await self._failed(error, scope, receive, answer, seen["status"])
        finally:
            self._note(scope, seen["status"], time.perf_counter() - began)

    def _refused(self, scope: Scope, headers: dict[bytes, bytes]) -> Problem | None:
        """Return why a request is not heard: a foreign host name, or a page of another site behind it."""
        host = headers.get(b"host", b"").decode("latin-1")
        if self.hosts and _name(host) not in self.hosts:
            return Problem(421, f"Host: must be one of {', '.join(sorted(self.hosts))}, got {host[:60]!r}")
        if b"origin" in headers and scope["method"] not in {"GET", "HEAD", "OPTIONS"}:
            origin = headers[b"origin"].decode("latin-1")
            if origin.partition("://")[2] != host:
                return Problem(403, f"Origin: pages of other sites may not call this service, got {origin[:60]!r}")
        return None

    async def _failed(self, error: Exception, scope: Scope, receive: Receive, send: Send, status: int) -> None:
        """Log a fault by type and place, never by its message, which may quote a text."""
        request_id = scope["request_id"]
        fault = {"request_id": request_id, "fault": type(error).__name__, "place": places(error)}
        log.error("broken off" if status else "fault", extra=fault)
        if not status:
            problem = Problem(500, "a fault of ours; the log has more under this request id")
            await problem.response(request_id)(scope, receive, send)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if scope["method"] in METHODS else "other"
        self.metrics.request(method, route, status, seconds)
        if log.isEnabledFor(logging.INFO):
            line = {"request_id": scope["request_id"], "method": method, "route": route, "status": status}
            log.info("request", extra=line | {"ms": round(seconds * 1000, 2), "key": scope.get("key_id")})


def _complete(message: Message, request_id: str) -> None:
    given = dict(message["headers"])
    page = given.get(b"content-type", b"").startswith(b"text/html")
    ours = [pair for pair in (_ENCODED + _PAGE_ENCODED if page else _ENCODED) if pair[0] not in given]
    message["headers"] = [*message["headers"], *ours, (b"x-request-id", request_id.encode())]


def _name(host: str) -> str:
    """Return a Host header without its port, lower-cased."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdecimal() else host.lower()
