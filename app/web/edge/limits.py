"""Bounds a request before anything reads it: its headers, the size of its body, and the time the body may take.

The path decides how large a body may be, so no header can raise a limit. A body is read only after its sender is
authenticated. A refused body is still read for a while, because most clients read no answer before they have sent
everything.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from time import perf_counter

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.errors import problem

MOST_PLAIN = 100_000  # bytes of JSON or a plain form: a millisecond to parse, and it is parsed in the event loop
PICTURES = re.compile(
    r"/v1/(gates/[^/]+/decisions|employees/[^/]+/photos|photo-checks|verify|identify)|/enrol/(photos|photo-checks)"
)
IMPORT = ("POST", "/v1/imports")
CALENDAR_FILE = ("POST", "/v1/calendar-files")
MOST_CALENDAR = 600_000  # bytes; the reader of files refuses more than 500 kB, and says so in its own words
# A file of 10,000 rules takes 1.5 MB, and is parsed in a thread; a calendar of 4,000 named days takes 0.5 MB.
RULES_FILE, MOST_RULES_FILE = ("PUT", "/v1/rules.yaml"), 2_000_000
SCIM, MOST_SCIM = "/scim/v2/", 2_000_000  # a group of 10,000 members takes 1 MB, and is parsed in a thread
CALENDAR = re.compile(r"/v1/(calendars(/[^/]+)?|rules/diff)")
RECEIVED_S = "received_s"  # in a request's state; already set if its connection waited to be accepted
SLOWEST_BYTES_S = 100_000
BODY_WITHIN_S = 30.0
DISCARD_WITHIN_S = 10.0
MOST_DISCARDED = 256_000_000  # bytes of a refused body
# If these came twice, one part of the program could read the first and another the second.
SINGLE = frozenset(
    b"authorization content-encoding content-length content-type expect facegate-nonce host idempotency-key"
    b" if-match last-event-id origin referer sec-fetch-site transfer-encoding x-csrf-token".split()
)

CLOSE = {"Connection": "close"}

Admit = Callable[[Scope], Awaitable[None]]


def received_s(request: Request) -> float:
    """When the request began to arrive, on `time.perf_counter`, so that waiting for a thread counts too."""
    at: float = getattr(request.state, RECEIVED_S)
    return at


class BodyLimit:
    """ASGI middleware: answers 400 to a repeated header, and 413 to a body over its path's limit, declared or not.

    most: bytes of a request with pictures. imports: bytes of an import, which streams to the disk and may take as long
    as it keeps its pace. admit: raises HTTPException unless the sender's body may be read.
    """

    def __init__(self, app: ASGIApp, most: int, imports: int, admit: Admit) -> None:
        self.app = app
        self.most = most
        self.imports = imports
        self.admit = admit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began_s = perf_counter()
        scope.setdefault("state", {}).setdefault(RECEIVED_S, began_s)
        body = _Body(scope, receive, began_s, *self._limit(scope), self.admit)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and not body.whole and not await body.discard():
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        if refused := body.refused():
            await refused(scope, receive, answer)
        else:
            await self.app(scope, body.read, answer)

    def _limit(self, scope: Scope) -> tuple[int, float, str]:
        """Returns the most bytes, the least bytes a second, and the answer to a larger body."""
        method, path = scope["method"], scope["path"].removeprefix(scope.get("root_path", ""))
        media_type = dict(scope["headers"]).get(b"content-type", b"").lower()
        if (method, path) == CALENDAR_FILE:
            return MOST_CALENDAR, float("inf"), "The file is too large: at most 500 kB are read."
        if (method, path) == RULES_FILE:
            limit = f"A rules file takes at most {MOST_RULES_FILE // 1_000_000} MB."
            return MOST_RULES_FILE, float("inf"), limit
        if path.startswith(SCIM):
            return MOST_SCIM, float("inf"), f"A request takes at most {MOST_SCIM // 1_000_000} MB. Send fewer members."
        if CALENDAR.fullmatch(path):
            return MOST_CALENDAR, float("inf"), f"This call takes at most {MOST_CALENDAR // 1000} kB. Send less."
        if not media_type.startswith((b"image/", b"multipart/form-data")):
            pass  # parsed in one piece
        elif (method, path) == IMPORT:
            return self.imports, SLOWEST_BYTES_S, f"The import is larger than {self.imports // 1_000_000} MB. Split it."
        elif method == "POST" and PICTURES.fullmatch(path):
            limit = f"The request is larger than {self.most // 1_000_000} MB. Send fewer or smaller images."
            return self.most, float("inf"), limit
        return MOST_PLAIN, float("inf"), f"This call takes at most {MOST_PLAIN // 1000} kB. Send less."


class _Body:
    """One request's body. whole: all of it has arrived. pace: the bytes a second that earn it more time."""

    def __init__(
        self, scope: Scope, receive: Receive, began_s: float, most: int, pace: float, detail: str, admit: Admit
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._until_s = began_s + BODY_WITHIN_S
        self._most, self._pace, self._detail = most, pace, detail
        self._admit: Admit | None = admit
        self._seen = 0
        self._silent = False
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        self._twice = [name for name, times in Counter(n for n, _ in headers).items() if times > 1 and name in SINGLE]
        fields = dict(headers)
        self._declared = fields.get(b"content-length", b"0")
        self._waits_for_us = fields.get(b"expect", b"").lower() == b"100-continue"
        self.whole = self._declared == b"0" and b"transfer-encoding" not in fields

    def refused(self) -> JSONResponse | None:
        """Returns the answer if the headers alone rule the request out."""
        if self._twice:
            detail = f"The header {self._twice[0].decode()} came twice. Send it once."
            return problem(400, "duplicate_header", detail, CLOSE)
        if not self._declared.isdigit() or len(self._declared) > 15 or int(self._declared) > self._most:
            return problem(413, "request_too_large", self._detail, CLOSE)
        return None

    async def read(self) -> Message:
        """Returns the next part. Raises HTTPException, the only kind that FastAPI's body parsing does not hide."""
        if self.whole:
            return await self._receive()  # only a disconnect can follow
        if self._admit is not None:
            await self._admit(self._scope)
            self._admit = None
        try:
            message = await self._next(self._until_s + self._seen / self._pace - perf_counter())
        except TimeoutError:
            self._silent = True
            raise HTTPException(408, "The body did not arrive in time.", CLOSE) from None
        if self._seen > self._most:
            raise HTTPException(413, self._detail, CLOSE)
        return message

    async def discard(self) -> bool:
        """Reads the rest within bounds and drops it. Returns whether all of it came."""
        declared = int(self._declared) if self._declared.isdigit() and len(self._declared) <= 15 else 0
        if self._silent or self._waits_for_us or declared > MOST_DISCARDED:
            return False
        end, most = perf_counter() + DISCARD_WITHIN_S, self._seen + MOST_DISCARDED
        try:
            while not self.whole and self._seen < most:
                await self._next(end - perf_counter())
        except TimeoutError:
            pass
        return self.whole

    async def _next(self, within_s: float) -> Message:
        self._waits_for_us = False  # the server invites the body now
        message = await asyncio.wait_for(self._receive(), within_s)
        self.whole = not message.get("more_body", False)
        self._seen += len(message.get("body", b""))
        return message
