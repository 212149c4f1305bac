"""Read what a request carries, piece by piece, and never more than is allowed."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from fastapi import Request
from starlette.requests import ClientDisconnect

from service.problems import Problem, refuse
from service.settings import Settings


async def read_json(request: Request, settings: Settings) -> Any:  # any JSON value
    """Return the JSON of a body; raise Problem 400, 408, 413 or 415 where that is not possible."""
    check_type(request, "application/json")
    return parsed(await read_body(request, settings))


def parsed(raw: bytes) -> Any:  # any JSON value
    """Return the JSON that bytes hold; raise Problem 400 where they hold none."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        got = "nothing" if not raw else f"an error in line {error.lineno}, column {error.colno}: {error.msg}"
        raise refuse(400, "body", "JSON in UTF-8", got) from None
    except RecursionError:
        raise refuse(400, "body", "JSON in UTF-8", "too many levels") from None


def check_type(request: Request, *allowed: str) -> str:
    """Return the media type of a body without its parameters; raise Problem 415 if it is none of these."""
    given = request.headers.get("content-type", "")
    kind = given.partition(";")[0].strip().lower()
    if kind not in allowed:
        raise refuse(415, "Content-Type", " or ".join(allowed), repr(given[:60]) if given else "none")
    if "application/json" in allowed and (packed := request.headers.get("content-encoding", "identity")) != "identity":
        raise refuse(415, "Content-Encoding", "identity", repr(packed[:60]))
    return kind


async def read_body(request: Request, settings: Settings) -> bytes:
    """Return a body of at most ``max_body`` bytes that comes within ``body_seconds``."""
    check_length(request, settings.max_body)
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(settings.body_seconds):
            async for piece in request.stream():
                size += len(piece)
                if size > settings.max_body:
                    raise _too_large(settings.max_body, "more")
                pieces.append(piece)
    except TimeoutError:
        wanted = f"sent within {settings.body_seconds:g} seconds"
        raise refuse(408, "body", wanted, f"{size} bytes until then") from None
    except ClientDisconnect:
        raise Problem(400, "the connection was closed before the body was whole") from None
    return b"".join(pieces)


def check_length(request: Request, most: int) -> None:
    """Raise Problem 413 where the header already says that the body is too long."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > most:
        raise _too_large(most, f"{length[:20]}")


def _too_large(most: int, got: str) -> Problem:
    return refuse(413, "body", f"at most {most} bytes", got, {"Connection": "close"})
