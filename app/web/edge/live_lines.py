"""Lines of JSON as a thread makes them, to one reader. A reader that is slow gets the newest lines, not the oldest.

The work has a thread of its own, because those of the server answer gates.
"""

import asyncio
import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/x-ndjson"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
STOP_EVERY_S = 1.0


class LiveLines(Response):
    """Sends what `lines` yields until it ends, the reader leaves or the server stops.

    Args:
        lines: Runs in a thread of its own.
        close: Makes `lines` end soon. Called once, in any thread.
        stopping: Whether the server stops.
    """

    media_type = MEDIA_TYPE

    def __init__(
        self, lines: Iterator[dict[str, Any]], close: Callable[[], None], stopping: Callable[[], bool]
    ) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._lines, self._close, self._stopping = lines, close, stopping
        # The last line may say why there are no more: the one before it counts too.
        self._waiting: deque[bytes] = deque(maxlen=2)
        self._over = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop, ready, left = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
        worker = threading.Thread(target=self._work, args=(loop, ready, left), name="live-lines", daemon=True)
        gone = asyncio.create_task(_until_gone(receive, left, ready))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            worker.start()
            while not left.is_set() and not self._stopping():
                ready.clear()
                if self._waiting:
                    line = self._waiting.popleft()
                    await send({"type": "http.response.body", "body": line, "more_body": True})
                elif self._over:
                    break
                else:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(ready.wait(), STOP_EVERY_S)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            left.set()
            gone.cancel()
            await asyncio.to_thread(self._close)

    def _work(self, loop: asyncio.AbstractEventLoop, ready: asyncio.Event, left: threading.Event) -> None:
        try:
            for line in self._lines:
                if left.is_set():
                    return
                encoded = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
                loop.call_soon_threadsafe(self._give, encoded, ready)
        except Exception:
            # The reader sees that the answer ended.
            logger.exception("live_lines_failed reader=disconnected")
        finally:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._end, ready)

    def _give(self, line: bytes, ready: asyncio.Event) -> None:
        self._waiting.append(line)
        ready.set()

    def _end(self, ready: asyncio.Event) -> None:
        self._over = True
        ready.set()


async def _until_gone(receive: Receive, left: threading.Event, ready: asyncio.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    left.set()
    ready.set()
