"""Who may do what, how often: keys by scope, and limits by key or address."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from service.keys import Key, any_keys, find_key, matches, split_token
from service.limits import Limits
from service.problems import Problem
from service.settings import Settings
from service.store.database import Database

KNOWN_SECONDS: Final = 5.0
"""For how long a key that was looked up is not looked up again, and so how late a revocation may be seen."""

MOST_KNOWN: Final = 10_000


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: ``owner`` is the id of the key, empty where none is needed."""

    owner: str
    admin: bool


class Access:
    """Decides whether a request is heard."""

    def __init__(self, settings: Settings, database: Database) -> None:
        """Take the rules from the settings and the keys from the database."""
        self._database = database
        self._always = not settings.loopback and not settings.unprotected
        self._never = not settings.loopback and bool(settings.unprotected)
        self._known: dict[str, tuple[float, Key | None]] = {}
        self._asked = (0.0, False)
        self._limits = Limits(settings)

    async def admit(self, request: Request, scope: str, *, token: str = "") -> Caller:
        """Return who is asking; raise Problem 401, 403 or 429 where they may not."""
        caller = await self._caller(request, scope, token)
        await self._limits.count_request(caller.owner or _address(request))
        request.scope["key_id"] = caller.owner or None
        return caller

    async def count_request(self, request: Request) -> None:
        """Count a request that proves in another way than by a key who sends it; raise Problem 429."""
        await self._limits.count_request(_address(request))

    async def count_texts(self, caller: Caller, texts: int) -> None:
        """Take texts off the quota of a caller; raise Problem 429 when it is used up."""
        await self._limits.count_texts(caller.owner, texts)

    @property
    def counts_texts(self) -> bool:
        """Whether there is a quota."""
        return self._limits.counts_texts

    async def check_texts(self, caller: Caller) -> None:
        """Raise Problem 429 when the quota of a caller is used up."""
        await self._limits.check_texts(caller.owner)

    async def take_texts(self, caller: Caller, texts: int) -> None:
        """Take texts that were answered off the quota, down to nothing."""
        await self._limits.take_texts(caller.owner, texts)

    async def close(self) -> None:
        """Let go of the connections to where limits are counted."""
        await self._limits.close()

    async def required(self) -> bool:
        """Whether a key is asked for: beyond loopback, and everywhere once a key was made."""
        if self._always or self._never:
            return self._always
        since, found = self._asked
        if not found and time.monotonic() - since > KNOWN_SECONDS:
            self._asked = (time.monotonic(), await run_in_threadpool(any_keys, self._database))
        return self._asked[1]

    async def _caller(self, request: Request, scope: str, token: str) -> Caller:
        if not await self.required():
            return Caller("", admin=True)
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        token = token or (given.strip() if kind.lower() == "bearer" else "")
        key = await self._key(token)
        if key is None:
            got = "none" if not token else "one that opens nothing"
            detail = f"Authorization: must be 'Bearer' and a key, got {got}"
            raise Problem(401, detail, headers={"WWW-Authenticate": 'Bearer realm="rolecall"'})
        if not key.allows(scope):
            raise Problem(403, f"key {key.id}: must have the scope {scope!r}, got {' '.join(key.scopes)}")
        return Caller(key.id, admin=key.allows("admin"))

    async def _key(self, token: str) -> Key | None:
        parts = split_token(token)
        if parts is None:
            return None
        since, key = self._known.get(parts[0], (0.0, None))
        if time.monotonic() - since > KNOWN_SECONDS:
            key = await run_in_threadpool(find_key, self._database, parts[0])
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[parts[0]] = (time.monotonic(), key)
        return key if key is not None and matches(key, parts[1]) and key.live else None


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
