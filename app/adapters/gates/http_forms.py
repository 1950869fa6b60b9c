"""How each command to an HTTP relay is sent: written out for each command, or from the ready form of a common device.

The forms follow the makers' documents of 2026: Shelly 1st generation (`/relay/N`, `timer`), Shelly 2nd generation and
later (`Switch.Set`, `toggle_after`), Tasmota (`/cm`, `PulseTime`), ESPHome (`web_server`), Home Assistant (REST).
"""

import json
import re
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import quote, urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app.adapters.gates.address import ForbiddenAddress, check_literal
from app.adapters.gates.self_acting import Said, contradiction
from app.core.url_login import is_ambiguous

OURS = frozenset({"host", "content-length", "transfer-encoding", "connection"})


def check_url(url: str) -> str:
    """The URL. Raises ValueError, in words that do not repeat it."""
    if is_ambiguous(url):
        raise ValueError("must hold no user name or password, and an @ in a path as %40")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http or https URL")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must hold no user name or password: signed requests need none, others have a login")
    if parts.fragment or not url.isascii() or re.search(r"[\s\x00-\x1f\x7f]", url):
        raise ValueError("must hold no fragment, space or control character")
    try:
        parts.port  # noqa: B018  its check is what is wanted
    except ValueError:
        raise ValueError("has no valid port number") from None
    try:
        check_literal(parts.hostname)
    except ForbiddenAddress as error:
        raise ValueError(str(error)) from None
    return url


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, allow_inf_nan=False)


class HttpLogin(Part):
    """basic and digest: username and password. bearer: token."""

    scheme: Literal["basic", "digest", "bearer"]
    username: str | None = Field(default=None, max_length=200, pattern=r"^[^\x00-\x1f\x7f:]*$")
    password: str | None = Field(default=None, repr=False, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")
    token: str | None = Field(default=None, repr=False, max_length=2000, pattern=r"^[\x21-\x7e]+$")

    @model_validator(mode="after")
    def _complete(self) -> "HttpLogin":
        if self.scheme == "bearer":
            if self.token is None or self.username is not None or self.password is not None:
                raise ValueError("bearer needs a token and nothing else")
        elif self.username is None or self.password is None or self.token is not None:
            raise ValueError(f"{self.scheme} needs username and password, and no token")
        return self


class HttpCommand(Part):
    """One request, sent as it is written here."""

    method: Literal["GET", "POST", "PUT", "PATCH"] = "GET"
    url: str = Field(repr=False, max_length=2000)
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    body: str | None = Field(default=None, repr=False, max_length=4096)
    login: HttpLogin | None = None

    _url = field_validator("url")(check_url)

    @field_validator("headers")
    @classmethod
    def _plain(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name) or name.lower() in OURS:
                raise ValueError("has a header name that cannot be set")
            if not re.fullmatch(r"[\x20-\x7e]*", value):
                raise ValueError("has a header value that is not printable ASCII")
        return headers

    def said(self) -> Said:
        headers = tuple(sorted((name.lower(), value) for name, value in self.headers.items()))
        return Said(self.url, self.body or "", headers)


class HttpCommands(Part):
    """The request for each command. Nothing but open and release may unlock."""

    open: HttpCommand
    release: HttpCommand
    secure: HttpCommand

    @model_validator(mode="after")
    def _no_contradiction(self) -> "HttpCommands":
        wrong = contradiction({name: getattr(self, name).said() for name in ("open", "release", "secure")})
        if wrong is not None:
            raise ValueError(wrong)
        return self


@dataclass(frozen=True)
class HttpForm:
    """shuts_itself: the relay ends an opening by its own timer, else we send `secure` after open_s. refusals: words in
    an answer of status 200 that say that nothing was done."""

    commands: HttpCommands
    shuts_itself: bool
    refusals: tuple[str, ...] = ()


class Device(Part):
    """A ready form. url: where the device answers, without the path of its interface. inverted: on locks, off unlocks.

    The commands are made without the check for contradictions: an entity may be called `toggle`, and the forms have
    tests against each device.
    """

    url: str = Field(repr=False, max_length=1000)
    username: str | None = Field(default=None, max_length=200)
    password: str | None = Field(default=None, repr=False, max_length=500)
    inverted: bool = False

    @field_validator("url")
    @classmethod
    def _base(cls, url: str) -> str:
        check_url(url)
        if urlsplit(url).query:
            raise ValueError("is the device's address alone: the form adds the rest")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _both(self) -> "Device":
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password belong together")
        return self

    def form(self, open_s: float) -> HttpForm:
        raise NotImplementedError

    def _login(self, scheme: Literal["basic", "digest"]) -> HttpLogin | None:
        if self.username is None:
            return None
        return HttpLogin(scheme=scheme, username=self.username, password=self.password)


class ShellyGen1(Device):
    model: Literal["shelly-gen1"]
    channel: int = Field(default=0, ge=0, le=9)

    def form(self, open_s: float) -> HttpForm:
        unlock, lock = ("off", "on") if self.inverted else ("on", "off")
        timer = {"timer": _seconds(open_s)}

        def turn(**query: str) -> HttpCommand:
            url = f"{self.url}/relay/{self.channel}?{urlencode(query)}"
            return HttpCommand(url=url, login=self._login("basic"))

        commands = HttpCommands.model_construct(
            open=turn(turn=unlock, **timer), release=turn(turn=unlock), secure=turn(turn=lock)
        )
        return HttpForm(commands, shuts_itself=True)


class ShellyGen2(Device):
    """Shelly Plus, Pro, Gen3 and Gen4. Their login is Digest, and the user is always `admin`."""

    model: Literal["shelly-gen2"]
    channel: int = Field(default=0, ge=0, le=99)

    def form(self, open_s: float) -> HttpForm:
        unlock, lock = ("false", "true") if self.inverted else ("true", "false")
        timer = {"toggle_after": _seconds(open_s)}

        def switch(**query: str) -> HttpCommand:
            url = f"{self.url}/rpc/Switch.Set?{urlencode({'id': self.channel} | query)}"
            return HttpCommand(url=url, login=self._login("digest"))

        commands = HttpCommands.model_construct(
            open=switch(on=unlock, **timer), release=switch(on=unlock), secure=switch(on=lock)
        )
        return HttpForm(commands, shuts_itself=True)


class Tasmota(Device):
    """PulseTime stays set in the device, so every command that must last sets it to 0 first."""

    model: Literal["tasmota"]
    channel: int = Field(default=1, ge=1, le=32)

    def form(self, open_s: float) -> HttpForm:
        orders = tasmota_orders(self.channel, open_s, self.inverted)
        login = {} if self.username is None else {"user": self.username, "password": self.password or ""}

        def order(text: str) -> HttpCommand:
            query = urlencode({**login, "cmnd": f"Backlog {text}"}, quote_via=quote)
            return HttpCommand(url=f"{self.url}/cm?{query}")

        commands = HttpCommands.model_construct(
            open=order(orders["open"]), release=order(orders["release"]), secure=order(orders["secure"])
        )
        return HttpForm(
            commands, not self.inverted, refusals=("Need user=", '"Command":"Unknown"', '"Command":"Error"')
        )


class EspHome(Device):
    """switch: the switch's object id (or name), as in its URL. pulse: a button of the device that unlocks and locks
    again by itself; without one we send the off."""

    model: Literal["esphome"]
    switch: str = Field(min_length=1, max_length=120)
    pulse: str | None = Field(default=None, min_length=1, max_length=120)
    login: Literal["basic", "digest"] = "digest"

    def form(self, open_s: float) -> HttpForm:
        def press(kind: str, name: str, action: str) -> HttpCommand:
            url = f"{self.url}/{kind}/{quote(name, safe='')}/{action}"
            # An empty body has a length: the device refuses a POST without one.
            return HttpCommand(method="POST", url=url, body="", login=self._login(self.login))

        unlock, lock = ("turn_off", "turn_on") if self.inverted else ("turn_on", "turn_off")
        opening = press("button", self.pulse, "press") if self.pulse else press("switch", self.switch, unlock)
        commands = HttpCommands.model_construct(
            open=opening, release=press("switch", self.switch, unlock), secure=press("switch", self.switch, lock)
        )
        return HttpForm(commands, shuts_itself=self.pulse is not None)


class HomeAssistant(Device):
    """token: a long-lived access token. entity: switch.X, input_boolean.X or lock.X. pulse: script.X, button.X or
    input_button.X that unlocks and locks again by itself; without one we send the off."""

    model: Literal["home-assistant"]
    token: str = Field(repr=False, max_length=2000, pattern=r"^[\x21-\x7e]+$")
    entity: str = Field(max_length=200, pattern=r"^(switch|input_boolean|lock)\.[a-z0-9_]+$")
    pulse: str | None = Field(default=None, max_length=200, pattern=r"^(script|button|input_button)\.[a-z0-9_]+$")

    @model_validator(mode="after")
    def _its_own_login(self) -> "HomeAssistant":
        if self.username is not None:
            raise ValueError("Home Assistant takes a token, no username and password")
        return self

    def form(self, open_s: float) -> HttpForm:
        def call(entity: str, service: str) -> HttpCommand:
            url = f"{self.url}/api/services/{entity.partition('.')[0]}/{service}"
            login = HttpLogin(scheme="bearer", token=self.token)
            headers = {"Content-Type": "application/json"}
            return HttpCommand(
                method="POST", url=url, headers=headers, body=json.dumps({"entity_id": entity}), login=login
            )

        pair = ("unlock", "lock") if self.entity.startswith("lock.") else ("turn_on", "turn_off")
        unlock, lock = reversed(pair) if self.inverted else pair
        opening = call(self.entity, unlock)
        if self.pulse is not None:
            opening = call(self.pulse, "turn_on" if self.pulse.startswith("script.") else "press")
        commands = HttpCommands.model_construct(
            open=opening, release=call(self.entity, unlock), secure=call(self.entity, lock)
        )
        return HttpForm(commands, shuts_itself=self.pulse is not None)


HttpRelay = Annotated[ShellyGen1 | ShellyGen2 | Tasmota | EspHome | HomeAssistant, Field(discriminator="model")]


def tasmota_orders(channel: int, open_s: float, inverted: bool) -> dict[str, str]:
    """What follows `Backlog`. PulseTime counts tenths up to 111, and from 112 on seconds plus 100; it ends an `on`
    only."""
    tenths = round(open_s * 10)
    pulse = tenths if tenths <= 111 else round(open_s) + 100
    hold = f"PulseTime{channel} 0; Power{channel}"
    if inverted:
        return {"open": f"{hold} Off", "release": f"{hold} Off", "secure": f"{hold} On"}
    opening = f"PulseTime{channel} {pulse}; Power{channel} On"
    return {"open": opening, "release": f"{hold} On", "secure": f"Power{channel} Off"}


def _seconds(open_s: float) -> str:
    return f"{open_s:g}"
