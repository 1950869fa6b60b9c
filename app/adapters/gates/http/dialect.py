"""The HTTP requests of a command: our signed JSON to one address, or a device's own request for each command."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from app.adapters.gates.config import WebhookConfig
from app.adapters.gates.forms.http_commands import HttpCommand, HttpForm
from app.adapters.gates.http.signed_post import signed_request
from app.adapters.net.digest import DigestLogin
from app.adapters.net.http_exchange import Answer, HttpExchange, Request, Target
from app.adapters.net.window import Window

Message = Mapping[str, str | None]
Next = Callable[[], HttpExchange]


class Dialect(Protocol):
    """How a relay is spoken to.

    Attributes:
        open_s: When an opening is over at the relay, in seconds; None if only the relay knows.
        shuts_itself: Whether the relay ends an opening itself. Otherwise we then send `secure`.
    """

    open_s: float | None
    shuts_itself: bool

    def send(self, exchange: Next, message: Message, now: datetime, window: Window) -> Answer:
        """Sends a command. exchange: makes a new connection for each request needed. Raises NoAnswer."""
        ...

    def probe(self, exchange: HttpExchange, window: Window) -> None:
        """Connects and disconnects. Raises NoAnswer."""
        ...

    def complaint(self, answer: Answer) -> str | None:
        """Why the relay did not carry the command out, or None."""
        ...


def dialect_of(config: WebhookConfig) -> Dialect:
    form = config.form
    return SignedDialect(config) if form is None else DeviceDialect(config, form)


class SignedDialect:
    """{event_id, command, at, until, gate}, signed; see `relay_verifier`."""

    open_s: float | None = None
    shuts_itself = True

    def __init__(self, config: WebhookConfig) -> None:
        self._target = Target(config.url or "", config.ca_file)
        self._secret = config.secret or ""
        self._gate = config.gate

    def send(self, exchange: Next, message: Message, now: datetime, window: Window) -> Answer:
        request = signed_request(self._target, self._secret, {**message, "gate": self._gate}, now)
        return exchange().send(self._target, request, window)

    def probe(self, exchange: HttpExchange, window: Window) -> None:
        exchange.probe(self._target, window)

    def complaint(self, answer: Answer) -> str | None:
        return _status_complaint(answer)


class DeviceDialect:
    def __init__(self, config: WebhookConfig, form: HttpForm) -> None:
        self.open_s: float | None = config.open_s
        self.shuts_itself = form.shuts_itself
        self._refusals = [text.encode() for text in form.refusals]
        commands = form.commands
        self._said = {
            name: _Prepared(command, config.ca_file)
            for name, command in (("open", commands.open), ("release", commands.release), ("secure", commands.secure))
        }

    def send(self, exchange: Next, message: Message, now: datetime, window: Window) -> Answer:
        return self._said[str(message["command"])].send(exchange, window)

    def probe(self, exchange: HttpExchange, window: Window) -> None:
        exchange.probe(self._said["secure"].target, window)

    def complaint(self, answer: Answer) -> str | None:
        if any(text in answer.text for text in self._refusals):
            return "the relay refuses: check its login, and that it knows this command"
        return _status_complaint(answer)


class _Prepared:
    def __init__(self, command: HttpCommand, ca_file: str | None) -> None:
        self.target = Target(command.url, ca_file)
        headers = dict(command.headers)
        login = command.login
        self._digest: DigestLogin | None = None
        if login is not None and login.scheme == "bearer":
            headers["Authorization"] = f"Bearer {login.token}"
        elif login is not None and login.scheme == "basic":
            both = f"{login.username}:{login.password}".encode()
            headers["Authorization"] = f"Basic {b64encode(both).decode()}"
        elif login is not None:
            self._digest = DigestLogin(login.username or "", login.password or "")
        body = None if command.body is None else command.body.encode()
        self._url = command.url
        self._request = Request(command.method, self.target.path, headers, body)

    def send(self, exchange: Next, window: Window) -> Answer:
        if self._digest is None:
            return exchange().send(self.target, self._request, window)
        login, method = self._digest, self._request.method
        answer = exchange().send(self.target, self._signed(login.known(method, self._url)), window)
        if answer.status == 401 and (proof := login.answer(method, self._url, answer.challenges)):
            answer = exchange().send(self.target, self._signed(proof), window)
        return answer

    def _signed(self, proof: str | None) -> Request:
        if proof is None:
            return self._request
        return replace(self._request, headers={**self._request.headers, "Authorization": proof})


def _status_complaint(answer: Answer) -> str | None:
    if 200 <= answer.status < 300:
        return None
    if 300 <= answer.status < 400:
        return "the relay redirects elsewhere, which is not followed"
    return f"the relay answered {answer.status}"
