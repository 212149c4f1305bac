"""A response whose pieces are made while it is sent, and that does not wait for ever for its reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send


class Streamed(StreamingResponse):
    """Sends the pieces of a generator; ends when a piece is not taken within ``idle`` seconds.

    However it ends, the generator is closed and ``after`` is called.
    """

    def __init__(
        self, pieces: AsyncGenerator[bytes], *, idle: float, after: Callable[[], Any],
        media_type: str, headers: Mapping[str, str],
    ) -> None:  # fmt: skip
        """Take the pieces and what to do after them."""
        super().__init__(pieces, media_type=media_type, headers=headers)
        self.pieces, self.idle, self.after = pieces, idle, after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response and tidy up."""

        async def in_time(message: Message) -> None:
            async with asyncio.timeout(self.idle):
                await send(message)

        try:
            await super().__call__(scope, receive, in_time)
        finally:
            await self.pieces.aclose()
            self.after()
