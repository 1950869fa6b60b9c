"""The live stream to many browsers: one task reads the database for all watchers, and no watcher holds a thread.

A watcher that reads too slowly is disconnected, and catches up when it reconnects. Memory is bounded by LAG messages.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Iterable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.core.errors import Busy, FacegateError
from app.services.events.live_feed import FeedItem, LiveFeed

logger = logging.getLogger(__name__)

MOST_WATCHERS = 100
LAG = 256  # messages that a watcher may be behind
LOOK_EVERY_S = 0.1  # for what other processes did
SITE_EVERY_S = 0.5
BEAT_EVERY_S = 5.0  # lets a page see that the service lives: it cannot see an SSE comment
AFTER_WAKE_S = 0.01  # the answer of the decision that woke us leaves first
APART_S = 0.15  # between two looks: sending several decisions at once costs as much as sending one
STILL_ALLOWED_S = 15.0  # how often each watcher's rights are checked; the comment sent then keeps the connection
STILL_HERE = b": still here\n\n"
RETRY_MS = 1000
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Watcher:
    """One open stream, used only in the event loop. began_s: on the loop's clock.

    to_ask: it is time to check whether the watcher may still watch.
    """

    def __init__(self, began_s: float) -> None:
        self.ready = asyncio.Event()
        self.over = False
        self.to_ask = False
        self._asked_s = began_s
        self._waiting: deque[tuple[str | None, bytes]] = deque()

    def give(self, news: Iterable[tuple[str | None, bytes]]) -> None:
        self._waiting.extend(news)
        if len(self._waiting) > LAG:
            self.end()
        self.ready.set()

    def tick(self, now_s: float) -> None:
        if now_s - self._asked_s >= STILL_ALLOWED_S:
            self._asked_s, self.to_ask = now_s, True
            self.ready.set()

    def take(self, known: set[str]) -> bytes:
        """Returns what waits, without the decisions that are known."""
        self.ready.clear()
        self.to_ask = False
        waiting, self._waiting = self._waiting, deque()
        return b"".join(message for key, message in waiting if key is None or key not in known)

    def end(self) -> None:
        self.over = True
        self._waiting.clear()
        self.ready.set()


class Streams:
    """Reads the live feed while somebody watches."""

    def __init__(self, feed: LiveFeed) -> None:
        self._feed = feed
        self._watchers: set[Watcher] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looking: asyncio.Task[None] | None = None
        self._starting: asyncio.Lock | None = None
        self._woken: asyncio.Event | None = None
        self._closed = False

    def wake(self, _: object = None) -> None:
        """Looks at once, because something happened in this process. Callable from any thread."""
        loop, woken = self._loop, self._woken
        if self._watchers and loop is not None and woken is not None and not loop.is_closed():
            loop.call_soon_threadsafe(woken.set)

    @property
    def closed(self) -> bool:
        """Whether the server stops, so that every endless answer has to end."""
        return self._closed

    def close(self) -> None:
        """Ends every stream, now and later, so that a stopping server waits for none. Callable from any thread."""
        self._closed = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end_all)

    async def join(self) -> Watcher:
        """Adds a watcher. Takes the place before it waits for anything, because many may come at once. Raises Busy."""
        if self._closed or len(self._watchers) >= MOST_WATCHERS:
            raise Busy("too_many_streams", "Too many pages are watching. Close some, or try again.", 5)
        if self._loop is None or self._starting is None:
            self._loop, self._starting, self._woken = asyncio.get_running_loop(), asyncio.Lock(), asyncio.Event()
        watcher = Watcher(self._loop.time())
        self._watchers.add(watcher)
        try:
            async with self._starting:
                if self._looking is None or self._looking.done():
                    await asyncio.to_thread(self._feed.begin)
                    self._looking = asyncio.create_task(self._look())
        except BaseException:
            self._watchers.discard(watcher)
            raise
        return watcher

    def leave(self, watcher: Watcher) -> None:
        self._watchers.discard(watcher)

    async def catch_up(self, last: str | None) -> tuple[bytes, set[str]]:
        news = await asyncio.to_thread(self._feed.catch_up, last)
        return b"".join(encoded(one) for one in news), {one.id for one in news if one.id is not None}

    def _end_all(self) -> None:
        for watcher in self._watchers:
            watcher.end()

    async def _look(self) -> None:
        """Looks for as long as somebody watches. If it fails, all watchers are disconnected, and catch up later."""
        try:
            await self._look_on()
        except Exception:
            # Otherwise the streams would stay open and silent.
            logger.exception("live_feed_failed watchers=reconnect")
        finally:
            self._end_all()

    async def _look_on(self) -> None:
        assert self._woken is not None
        at_fault, site_due, beat_due, now = False, 0.0, 0.0, asyncio.get_running_loop().time
        while self._watchers or site_due == 0.0:
            looked, news = now(), list[FeedItem]()
            try:
                # Kept even if the rest of the look fails: the feed gives each passage once.
                news += await asyncio.to_thread(self._feed.passages)
                if now() >= site_due:
                    news += await asyncio.to_thread(self._feed.site)
                    site_due = now() + SITE_EVERY_S
                if at_fault:
                    news.append(FeedItem("fault", {"detail": None}))
                at_fault = False
            except FacegateError as error:
                site_due = now() + SITE_EVERY_S
                if not at_fault:
                    news.append(FeedItem("fault", {"detail": "The database does not answer."}))
                    logger.warning('database_gone for=live_feed why="%s"', error)
                at_fault = True
            if now() >= beat_due:
                news.append(FeedItem("beat", {}))
                beat_due = now() + BEAT_EVERY_S
            if news:
                messages = [(one.id, encoded(one)) for one in news]
                for watcher in self._watchers:
                    watcher.give(messages)
            for watcher in self._watchers:
                watcher.tick(looked)
            try:
                await asyncio.wait_for(self._woken.wait(), LOOK_EVERY_S)
                await asyncio.sleep(max(AFTER_WAKE_S, looked + APART_S - now()))
            except TimeoutError:
                pass
            self._woken.clear()


class EventStream(Response):
    """Server-sent events to one watcher. allowed: raises once the watcher may no longer watch; may block."""

    media_type = "text/event-stream"

    def __init__(self, streams: Streams, last: str | None, allowed: Callable[[], object]) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._streams, self._last, self._allowed = streams, last, allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        watcher = await self._streams.join()
        gone = asyncio.create_task(_until_gone(receive, watcher))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            first, known = await self._streams.catch_up(self._last)
            await self._send(send, b"retry: %d\n\n" % RETRY_MS + first)
            while not watcher.over:
                await watcher.ready.wait()
                if asked := watcher.to_ask:
                    await asyncio.to_thread(self._allowed)
                if message := watcher.take(known) or STILL_HERE * asked:
                    await self._send(send, message)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except FacegateError:
            # Signed out, or the database is gone: the browser reconnects and learns which.
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
            self._streams.leave(watcher)

    @staticmethod
    async def _send(send: Send, body: bytes) -> None:
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def _until_gone(receive: Receive, watcher: Watcher) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    watcher.end()


def encoded(news: FeedItem) -> bytes:
    head = f"event: {news.kind}\n" + (f"id: {news.id}\n" if news.id else "")
    return (head + "data: " + json.dumps(news.data, ensure_ascii=False, separators=(",", ":")) + "\n\n").encode()
