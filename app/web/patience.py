"""What a connection may cost before it has made a request: time, memory, a place among the others."""

import asyncio
from time import perf_counter
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.web.limits import RECEIVED_S

FIRST_REQUEST_S = 10.0
MOST_CONNECTIONS = 512  # what comes beyond gets 503 at once
STALLED_S = 20.0  # somebody who takes nothing of an answer for so long gets no more of it
MOST_HEAD = 64_000  # bytes of a request's headers; the parser itself takes any number
MOST_UNPARSED = 1_000_000  # bytes of which no header has come; four reads of a socket


SETTLED_S = 0.25  # after the start, who had waited to be accepted has been


class Backlog:
    """Who waited to be accepted while the process started again: how long does not show, so it counts as all the while.

    since_s: from when on nobody accepted, on `time.perf_counter`; None: nobody could connect.
    """

    def __init__(self, since_s: float | None = None) -> None:
        self._since_s = since_s
        self._begun_s: float | None = None

    def begun(self) -> None:
        """From now on connections are accepted as they come."""
        self._begun_s = perf_counter()

    def waited_since_s(self) -> float | None:
        """Of a connection that is accepted now."""
        if self._begun_s is not None and perf_counter() > self._begun_s + SETTLED_S:
            return None
        return self._since_s


class ImpatientProtocol(HttpToolsProtocol):
    """uvicorn's own waits for ever for the first request of a connection; this one ten seconds."""

    waiting = Backlog()

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._waited_since_s = self.waiting.waited_since_s()
        self._unparsed = self._head = 0
        self._patience: asyncio.TimerHandle = self.loop.call_later(FIRST_REQUEST_S, self._give_up)
        self._stalled = self._patience

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(STALLED_S, self.transport.abort)

    def resume_writing(self) -> None:
        self._stalled.cancel()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._patience.cancel()
        self._stalled.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self._unparsed += len(data)
            if self._unparsed > MOST_UNPARSED:
                self.transport.close()
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        self._head = 0
        super().on_message_begin()
        if self._waited_since_s is not None:
            # A picture gets no younger by waiting here.
            self.scope["state"][RECEIVED_S], self._waited_since_s = self._waited_since_s, None

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head += len(name) + len(value)
        if self._head > MOST_HEAD:
            raise ValueError("the headers are too large")  # the parser makes it a 400
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._unparsed = 0
        super().on_headers_complete()

    def _give_up(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()
