"""Relays of other makers, as their documents describe them, each with one relay and its timer; and HTTP around them.

A device answers `handle` by its own clock, so a test may let hours pass; `Served` gives it a port.
"""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Headers = Mapping[str, str]
Answered = tuple[int, Any, dict[str, str]]
PULSE_S = 0.5  # for which a device opens: the shortest that a gate may be set to
USER, PASSWORD, TOKEN = "admin", "hunter2 & sons", "long-lived-token"


class Coil:
    """A relay that may flip back after a time, used by several threads. switched: every position it was told, in
    order."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._lock = threading.RLock()  # or two readers would both flip it back, and leave it as it was
        self._on = False
        self._flips_s: float | None = None
        self.switched: list[bool] = []

    @property
    def on(self) -> bool:
        with self._lock:
            if self._flips_s is not None and self.clock() >= self._flips_s:
                self._on, self._flips_s = not self._on, None
            return self._on

    def put(self, on: bool, flips_after_s: float | None = None) -> None:
        with self._lock:
            _ = self.on
            self._on = on
            self.switched.append(on)
            self._flips_s = None if flips_after_s is None else self.clock() + flips_after_s

    def stop_timer(self) -> None:
        with self._lock:
            _ = self.on
            self._flips_s = None


class Device:
    """taken: the requests that it obeyed. guarded: whether it wants a login."""

    model = ""

    def __init__(self, clock: Callable[[], float] = time.monotonic, guarded: bool = False) -> None:
        self.coil = Coil(clock)
        self.guarded = guarded
        self.taken: list[str] = []

    @property
    def login(self) -> dict[str, str]:
        return {"username": USER, "password": PASSWORD} if self.guarded else {}

    def handle(self, method: str, path: str, headers: Headers, body: bytes) -> Answered:
        raise NotImplementedError


class ShellyGen1(Device):
    """https://shelly-api-docs.shelly.cloud/gen1: any method; `timer` flips back, whichever way was switched."""

    model = "shelly-gen1"

    def handle(self, method: str, path: str, headers: Headers, body: bytes) -> Answered:
        if self.guarded and headers.get("Authorization") != basic():
            return 401, "401 Unauthorized", {"WWW-Authenticate": 'Basic realm="shelly1"'}
        parts = urlsplit(path)
        if parts.path != "/relay/0":
            return 404, "Not Found", {}
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        turn, timer = query.get("turn"), query.get("timer")
        if turn in ("on", "off", "toggle"):
            on = not self.coil.on if turn == "toggle" else turn == "on"
            self.coil.put(on, float(timer) if timer else None)
            self.taken.append(path)
        return 200, {"ison": self.coil.on, "has_timer": timer is not None, "source": "http"}, {}


class ShellyGen2(Device):
    """https://shelly-api-docs.shelly.cloud/gen2: Switch.Set with `toggle_after`; Digest by RFC 7616, SHA-256."""

    model = "shelly-gen2"
    nonces = 0

    def handle(self, method: str, path: str, headers: Headers, body: bytes) -> Answered:
        if self.guarded and not digest_holds(method, path, headers.get("Authorization", ""), "SHA-256"):
            self.nonces += 1
            return 401, "", {"WWW-Authenticate": challenge(f"{self.nonces:08x}", "SHA-256")}
        parts = urlsplit(path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path != "/rpc/Switch.Set" or query.get("id") != "0" or query.get("on") not in ("true", "false"):
            return 404, {"code": 404, "message": "No handler"}, {}
        was_on = self.coil.on
        after = query.get("toggle_after")
        self.coil.put(query["on"] == "true", float(after) if after else None)
        self.taken.append(path)
        return 200, {"was_on": was_on}, {}


class Tasmota(Device):
    """https://tasmota.github.io/docs/Commands: Backlog, Power, PulseTime (kept, and restarted by each Power On)."""

    model = "tasmota"

    def __init__(self, clock: Callable[[], float] = time.monotonic, guarded: bool = False) -> None:
        super().__init__(clock, guarded)
        self.pulse_time = 0

    def handle(self, method: str, path: str, headers: Headers, body: bytes) -> Answered:
        parts = urlsplit(path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path != "/cm":
            return 404, "File Not Found", {}
        if self.guarded and (query.get("user"), query.get("password")) != (USER, PASSWORD):
            return 200, {"WARNING": "Need user=<username>&password=<password>"}, {}
        self.taken.append(query["cmnd"])
        return 200, self.order(query["cmnd"]), {}

    def order(self, text: str) -> Any:
        name, _, value = text.strip().partition(" ")
        if name.lower() == "backlog":
            for one in value.split(";"):
                self.order(one)
            return {"WARNING": "Enable weblog 2 if response expected"}
        if name.lower() in ("power", "power1"):
            if value.lower() == "toggle":
                value = "off" if self.coil.on else "on"
            on = value.lower() in ("on", "1", "true")
            self.coil.put(on, self._pulse_s() if on and self.pulse_time else None)
            return {"POWER": "ON" if self.coil.on else "OFF"}
        if name.lower() == "pulsetime1":
            self.pulse_time = int(value)
            self.coil.put(self.coil.on, self._pulse_s() if self.coil.on and self.pulse_time else None)
            return {"PulseTime1": self.pulse_time}
        return {"Command": "Unknown"}

    def _pulse_s(self) -> float:
        return self.pulse_time / 10 if self.pulse_time <= 111 else self.pulse_time - 100.0


class EspHome(Device):
    """https://esphome.io/web-api: POST /switch/ID/turn_on, turn_off, toggle; /button/ID/press. POSTs need a length."""

    model = "esphome"
    pulse_s = PULSE_S

    def handle(self, method: str, path: str, headers: Headers, body: bytes) -> Answered:
        if self.guarded and not digest_holds(method, path, headers.get("Authorization", ""), "MD5"):
            return 401, "", {"WWW-Authenticate": challenge("0a1b", "MD5")}
        if method != "POST" or headers.get("Content-Length") is None:
            return 405 if method != "POST" else 411, "", {}
        kind, name, action = (unquote(part) for part in urlsplit(path).path.strip("/").split("/"))
        if (kind, name, action) == ("button", "pulse", "press"):
            self.coil.put(True, self.pulse_s)
        elif (kind, name) == ("switch", "Gate relay") and action in ("turn_on", "turn_off", "toggle"):
            self.coil.put(not self.coil.on if action == "toggle" else action == "turn_on")
        else:
            return 404, "", {}
        self.taken.append(path)
        return 200, "", {}


class HomeAssistant(Device):
    """https://developers.home-assistant.io/docs/api/rest: POST /api/services/DOMAIN/SERVICE with a bearer token."""

    model = "home-assistant"
    pulse_s = PULSE_S

    def handle(self, method: str, path: str, headers: Headers, body: bytes) -> Answered:
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, "401: Unauthorized", {}
        if method != "POST" or headers.get("Content-Type") != "application/json":
            return 405, "", {}
        entity = json.loads(body)["entity_id"]
        service = urlsplit(path).path.removeprefix("/api/services/")
        domain = entity.partition(".")[0]
        if not service.startswith(f"{domain}/"):
            return 400, {"message": "Bad Request"}, {}
        verb = service.partition("/")[2]
        if domain == "script" and verb == "turn_on":
            self.coil.put(True, self.pulse_s)
        elif (domain, verb) in (("switch", "turn_on"), ("lock", "unlock")):
            self.coil.put(True)
        elif (domain, verb) in (("switch", "turn_off"), ("lock", "lock")):
            self.coil.put(False)
        else:
            return 400, {"message": "Bad Request"}, {}
        self.taken.append(f"{service} {entity}")
        return 200, [{"entity_id": entity, "state": "on" if self.coil.on else "off"}], {}


def basic() -> str:
    return "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def challenge(nonce: str, algorithm: str) -> str:
    return f'Digest qop="auth", realm="device", nonce="{nonce}", algorithm={algorithm}'


def digest_holds(method: str, path: str, authorization: str, algorithm: str) -> bool:
    """Computed from RFC 7616 alone."""
    kind, _, rest = authorization.partition(" ")
    if kind != "Digest":
        return False
    given = {k.strip(): v.strip().strip('"') for k, v in (p.split("=", 1) for p in rest.split(", "))}

    def hashed(text: str) -> str:
        return hashlib.new(algorithm.replace("-", "").lower(), text.encode()).hexdigest()

    first, second = hashed(f"{USER}:device:{PASSWORD}"), hashed(f"{method}:{path}")
    expected = hashed(f"{first}:{given['nonce']}:{given['nc']}:{given['cnonce']}:{given['qop']}:{second}")
    return given["uri"] == path and given["response"] == expected


class Served:
    """The device on a port of this machine. asked: every request line, obeyed or not."""

    kind = "webhook"

    def __init__(self, device: Device) -> None:
        self.device = device
        self.asked: list[str] = []
        self.fails = 0  # how many requests to answer with 503 from now on, obeying none
        served = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                served._take(self)

            do_GET = do_POST = do_PUT = handle_any

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name="device")
        self._thread.start()

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self.asked.append(f"{handler.command} {handler.path}")
        if self.fails:
            self.fails -= 1
            status, answer, headers = 503, "", {}
        else:
            status, answer, headers = self.device.handle(handler.command, handler.path, handler.headers, body)  # type: ignore[arg-type]  # a Message is read like a Mapping
        text = (answer if isinstance(answer, str) else json.dumps(answer, separators=(",", ":"))).encode()
        handler.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(text)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
