"""Bounds what a connection may cost: time for each message, memory, and one of a limited number of places.

Every wait for a client has a timer: for the head of a request, its body (`limits`), the next request, and the reading
of an answer. When places run out, unauthenticated connections make room, so that silent ones keep no gate out.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from time import perf_counter
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.web.edge.limits import RECEIVED_S
from app.web.security import AUTHENTICATED

HEAD_WITHIN_S = 10.0  # from a request's first byte, or from the connection, to the end of its headers
IDLE_S = 75  # between requests; longer than the 60 s for which proxies and gates commonly keep a connection
MOST_CONNECTIONS = 512
MOST_OF_A_CALLER = 64  # of one key or user, if others find no place
MOST_OF_AN_ADDRESS = 256  # except for loopback, from which a proxy on this machine sends everything
LOOPBACK = ("127.", "::1")
STALLED_S = 20.0  # a client that reads nothing of its answer for this long is disconnected
MOST_HEAD = 64_000  # bytes of a request's headers; the parser itself takes any number
MOST_UNPARSED = 1_000_000  # bytes without a complete header; four reads of a socket
FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


SETTLED_S = 0.25  # after the start; by then every waiting connection has been accepted


class Backlog:
    """Connections that waited while the process restarted. How long is unknown, so each counts as the whole time.

    since_s: since when nobody accepted, on `time.perf_counter`; None: nobody could connect.
    """

    def __init__(self, since_s: float | None = None) -> None:
        self._since_s = since_s
        self._begun_s: float | None = None

    def begun(self) -> None:
        """From now on connections are accepted as they come."""
        self._begun_s = perf_counter()

    def waited_since_s(self) -> float | None:
        """Since when a connection that is accepted now may have waited; None: it did not wait."""
        if self._begun_s is not None and perf_counter() > self._begun_s + SETTLED_S:
            return None
        return self._since_s


class Places:
    """The connections, oldest first. A new one takes the place of a less deserving one if there is any."""

    def __init__(self) -> None:
        self._taken: dict[ImpatientProtocol, None] = {}

    def take(self, newcomer: "ImpatientProtocol") -> bool:
        """Returns False if every connection that could make room is being served."""
        there = [one for one in self._taken if one.address == newcomer.address]
        crowded = len(there) >= MOST_OF_AN_ADDRESS and not newcomer.address.startswith(LOOPBACK)
        if crowded or len(self._taken) >= MOST_CONNECTIONS:
            leaving = _least_deserving(iter(there if crowded else self._taken))
            if leaving is None:
                return False
            self.leave(leaving)
            leaving.transport.abort()
        self._taken[newcomer] = None
        return True

    def leave(self, one: "ImpatientProtocol") -> None:
        self._taken.pop(one, None)


def _least_deserving(connections: "Iterator[ImpatientProtocol]") -> "ImpatientProtocol | None":
    """Returns the connection that makes room, or None.

    That is the oldest that never authenticated, else the oldest that is not being served, else the oldest of the caller
    with the most, if that caller has many: one gate's key must not keep the fire panel out.
    """
    waiting, of_callers = None, defaultdict[str, list[ImpatientProtocol]](list)
    for one in connections:
        if one.caller is None:
            return one
        if waiting is None and not one.serving:
            waiting = one
        of_callers[one.caller].append(one)
    most = max(of_callers.values(), key=len, default=[])
    return waiting or (most[0] if len(most) > MOST_OF_A_CALLER else None)


class ImpatientProtocol(HttpToolsProtocol):
    """Adds timers and limits. uvicorn's protocol only has a timer between requests, which a single byte cancels."""

    waiting = Backlog()
    places = Places()

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._waited_since_s = self.waiting.waited_since_s()
        self._unparsed = self._head = 0
        self._proved: str | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._head_due: asyncio.TimerHandle | None = None
        self._await_head()
        self.address = self.client[0] if self.client else ""
        if not self.places.take(self):
            transport.write(FULL)
            transport.close()

    @property
    def serving(self) -> bool:
        """Whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def caller(self) -> str | None:
        """The id of the last authenticated key or user on this connection; None if there was none."""
        now: str | None = self.scope["state"].get(AUTHENTICATED) if self.scope is not None else None
        return now or self._proved

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(STALLED_S, self.transport.abort)

    def resume_writing(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self.places.leave(self)
        for timer in (self._head_due, self._stalled):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self.serving:
            self._unparsed += len(data)
            if self._unparsed > MOST_UNPARSED:
                self.transport.close()
                return
            self._await_head()  # because these bytes cancel uvicorn's timer
        super().data_received(data)

    def on_message_begin(self) -> None:
        self._head = 0
        self._await_head()
        self._proved = self.caller  # before uvicorn replaces the scope that holds it
        super().on_message_begin()
        if self._waited_since_s is not None:
            # A picture ages while it waits here.
            self.scope["state"][RECEIVED_S], self._waited_since_s = self._waited_since_s, None

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head += len(name) + len(value)
        if self._head > MOST_HEAD:
            raise ValueError("the headers are too large")  # the parser turns it into a 400
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._unparsed = 0
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None
        super().on_headers_complete()

    def _await_head(self) -> None:
        if self._head_due is None:
            self._head_due = self.loop.call_later(HEAD_WITHIN_S, self._give_up)

    def _give_up(self) -> None:
        if self.serving:  # the request before is answered, and none after it
            self.cycle.keep_alive = False
        elif not self.transport.is_closing():
            self.transport.close()
