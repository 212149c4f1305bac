"""Requests and texts by caller: counted in the memory of the process, or in Redis for several.

Limits share out what there is; they protect nobody. So where Redis does not answer, requests are
heard without being counted, and the log says so.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from limits import RateLimitItem, parse
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import ConfigurationError, StorageError
from limits.storage import storage_from_string

from classifier import UsageError
from service.problems import Problem
from service.settings import Settings

PATIENCE: Final = 1.0
"""Seconds in which Redis must connect, and answer."""
AGAIN: Final = 5.0
"""Seconds for which Redis is not asked after it did not answer."""

Answer = TypeVar("Answer")

log = logging.getLogger("rolecall.limits")


class Limits:
    """The rate and the quota of the settings; with neither, nothing is ever counted."""

    def __init__(self, settings: Settings) -> None:
        """Take the limits from the settings; raise UsageError where they or their place cannot be used."""
        self._storage = _storage(settings.limits_storage)
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)
        self._requests = _parsed("ROLECALL_RATE", settings.rate)
        self._texts = _parsed("ROLECALL_QUOTA", settings.quota)
        self._away_until = 0.0

    @property
    def counts_texts(self) -> bool:
        """Whether there is a quota."""
        return self._texts is not None

    async def count_request(self, who: str) -> None:
        """Count one request; raise Problem 429 when there were too many."""
        if self._requests is not None and not await self._hit(self._requests, "requests", who):
            raise _too_many("requests", self._requests)

    async def count_texts(self, who: str, texts: int) -> None:
        """Take texts off the quota; raise Problem 429, and take none, when fewer are left."""
        if self._texts is None or not texts:
            return
        if texts > self._texts.amount or not await self._hit(self._texts, "texts", who, texts):
            raise _too_many("texts", self._texts, texts, await self._left(self._texts, who))

    async def check_texts(self, who: str) -> None:
        """Raise Problem 429 when the quota is used up."""
        if self._texts is not None and not await self._left(self._texts, who):
            raise _too_many("texts", self._texts)

    async def take_texts(self, who: str, texts: int) -> None:
        """Take texts off the quota, down to nothing."""
        if self._texts is not None:
            left = await self._left(self._texts, who)
            await self._hit(self._texts, "texts", who, max(1, min(texts, left)))

    async def close(self) -> None:
        """Let go of the connections."""
        if isinstance(self._storage, RedisStorage):
            client: Any = self._storage.bridge  # the library closes nothing itself
            await client.storage.aclose()

    async def _hit(self, limit: RateLimitItem, what: str, who: str, cost: int = 1) -> bool:
        return await self._asked(lambda: self._limiter.hit(limit, what, who, cost=cost), True)

    async def _left(self, limit: RateLimitItem, who: str) -> int:
        async def remaining() -> int:
            return (await self._limiter.get_window_stats(limit, "texts", who)).remaining

        return await self._asked(remaining, limit.amount)

    async def _asked(self, ask: Callable[[], Awaitable[Answer]], otherwise: Answer) -> Answer:
        """Return what the storage answers; ``otherwise`` where it does not, or did not just now."""
        if time.monotonic() < self._away_until:
            return otherwise
        try:
            answer = await ask()
        except StorageError as error:
            self._away_until = time.monotonic() + AGAIN
            fault = type(error.storage_error).__name__
            log.error("limits are not counted, their storage does not answer", extra={"fault": fault})
            return otherwise
        if self._away_until:
            self._away_until = 0.0
            log.info("limits are counted again")
        return answer


def _storage(url: str) -> Any:  # one of the library's, which share no type
    options: dict[str, Any] = {"wrap_exceptions": True}
    if url.startswith("redis"):
        options |= {"implementation": "redispy", "socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
    try:
        return storage_from_string(f"async+{url}", **options)
    except ConfigurationError as error:
        got = f"{url.partition(':')[0][:20]!r}, and something after it"  # which may be a password
        if "prerequisite" in str(error):
            wrong = f"got {got}, for which a package is missing. Install it: pip install 'rolecall[redis]'"
        else:
            wrong = f"got {got}. Correct it"
        raise UsageError(f"ROLECALL_LIMITS_STORAGE: must be memory:// or such as redis://host:6379, {wrong}") from None


def _parsed(name: str, rate: str) -> RateLimitItem | None:
    if not rate:
        return None
    try:
        return parse(rate)
    except (ValueError, ConfigurationError):
        raise UsageError(f"{name}: must be such as '600/minute', got {rate!r}. Correct it") from None


def _too_many(what: str, limit: RateLimitItem, sent: int = 1, left: int = 0) -> Problem:
    """Return a refusal that says how many are left, and when there may be enough for what was sent."""
    seconds = math.ceil(limit.get_expiry() * min(1.0, (sent - left) / max(limit.amount, 1)))
    detail = f"{what}: at most {limit} are allowed, and {left} are left; got {sent}. Send fewer, or come back later"
    return Problem(429, detail, headers={"Retry-After": str(max(1, seconds))})
