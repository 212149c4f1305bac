"""What the endpoints share, made once by the app factory."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from fastapi import Request

from service.access import Access
from service.engine import Engine
from service.hooks.sender import Sender
from service.metrics import Metrics
from service.problems import Problem
from service.settings import Settings
from service.store.database import Database


class Slots:
    """How many tables may be worked on at the same time."""

    def __init__(self, most: int) -> None:
        """Start with ``most`` free."""
        self.most, self.used = most, 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold one; raise Problem 503 where none is free."""
        if self.used >= self.most:
            raise Problem(503, f"{self.most} tables are being scored; ask again soon", headers={"Retry-After": "5"})
        self.used += 1
        try:
            yield
        finally:
            self.used -= 1


@dataclass(frozen=True, slots=True)
class State:
    """The parts of one service."""

    settings: Settings
    engine: Engine
    pool: ThreadPoolExecutor
    slots: Slots
    metrics: Metrics
    database: Database
    access: Access
    sender: Sender


def state_of(request: Request) -> State:
    """Return the parts of the service that a request came to."""
    return cast("State", request.app.state.service)
