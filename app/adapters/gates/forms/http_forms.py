"""Ready forms of common HTTP relays: the request for each command by the maker's documentation.

As of 2026: Shelly 1st generation (`/relay/N`, `timer`), Shelly 2nd generation and later (`Switch.Set`, `toggle_after`),
Tasmota (`/cm`, `PulseTime`), ESPHome (`web_server`), Home Assistant (REST).
"""

import json
from abc import abstractmethod
from typing import Annotated, Literal
from urllib.parse import quote, urlencode, urlsplit

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from app.adapters.gates.forms.asked import Asked
from app.adapters.gates.forms.http_commands import HttpCommand, HttpCommands, HttpForm, HttpLogin, Part, check_url
from app.core.gates.hardware import FieldKind


def _model(given: object) -> str | None:
    model = given.get("model") if isinstance(given, dict) else getattr(given, "model", None)
    return model if model in MODELS else None


ADDRESS = Asked("Address", "Such as http://10.0.5.9, without a path.", FieldKind.ADDRESS)
USERNAME = Asked("User name", "Only where the relay asks for one.")
PASSWORD = Asked("Password", kind=FieldKind.SECRET)
TOKEN = Asked("Access token", "A long-lived access token.", FieldKind.SECRET)
INVERTED = Asked("Current holds the lock shut", "The relay is on while the gate is locked.", rare=True)
CHANNEL = Asked("Channel", "Which relay of the device.", rare=True)
SWITCH = Asked("Switch", "Its object id on the device.")
PULSE = Asked("Pulse button", "The id of a button that unlocks, waits and locks by itself. Without one we end it.")
SCRIPT = Asked("Pulse script", "Such as script.open_lobby, which unlocks, waits and locks. Without one we end it.")
LOGIN = Asked("How it checks the password", rare=True)
ENTITY = Asked("Entity", "Such as switch.lobby or lock.lobby.")
MODELS = ("shelly-gen1", "shelly-gen2", "tasmota", "esphome", "home-assistant")
# Pydantic's own discriminator would repeat the input in its error.
BY_MODEL = Discriminator(
    _model, custom_error_type="unknown_model", custom_error_message=f"model must be one of {', '.join(MODELS)}"
)


class Device(Part):
    """A ready form. url: where the device answers, without the path of its interface. inverted: on locks, off unlocks.

    The commands skip the check for contradictions: an entity may be called `toggle`, and tests run the forms against
    each device.
    """

    url: Annotated[str, ADDRESS] = Field(repr=False, max_length=1000)
    username: Annotated[str | None, USERNAME] = Field(default=None, max_length=200)
    password: Annotated[str | None, PASSWORD] = Field(default=None, repr=False, max_length=500)
    inverted: Annotated[bool, INVERTED] = False

    @field_validator("url")
    @classmethod
    def _base(cls, url: str) -> str:
        check_url(url)
        if urlsplit(url).query:
            raise ValueError("must be the device's address only: the form adds the rest")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _both(self) -> "Device":
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password belong together")
        return self

    @abstractmethod
    def form(self, open_s: float) -> HttpForm:
        """The device's own requests for each command. open_s: how long it stays unlocked."""

    def _login(self, scheme: Literal["basic", "digest"]) -> HttpLogin | None:
        if self.username is None:
            return None
        return HttpLogin(scheme=scheme, username=self.username, password=self.password)


class ShellyGen1(Device):
    model: Literal["shelly-gen1"]
    channel: Annotated[int, CHANNEL] = Field(default=0, ge=0, le=9)

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
    channel: Annotated[int, CHANNEL] = Field(default=0, ge=0, le=99)

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
    channel: Annotated[int, CHANNEL] = Field(default=1, ge=1, le=32)

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
    switch: Annotated[str, SWITCH] = Field(min_length=1, max_length=120)
    pulse: Annotated[str | None, PULSE] = Field(default=None, min_length=1, max_length=120)
    login: Annotated[Literal["basic", "digest"], LOGIN] = "digest"

    def form(self, open_s: float) -> HttpForm:
        def press(kind: str, name: str, action: str) -> HttpCommand:
            url = f"{self.url}/{kind}/{quote(name, safe='')}/{action}"
            # An empty body, for its Content-Length: the device refuses a POST without one.
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
    # Not asked for: it takes a token instead of the login of other devices.
    username: str | None = Field(default=None, max_length=200)
    password: str | None = Field(default=None, repr=False, max_length=500)
    token: Annotated[str, TOKEN] = Field(repr=False, max_length=2000, pattern=r"^[\x21-\x7e]+$")
    entity: Annotated[str, ENTITY] = Field(max_length=200, pattern=r"^(switch|input_boolean|lock)\.[a-z0-9_]+$")
    pulse: Annotated[str | None, SCRIPT] = Field(
        default=None, max_length=200, pattern=r"^(script|button|input_button)\.[a-z0-9_]+$"
    )

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


HttpRelay = Annotated[
    Annotated[ShellyGen1, Tag("shelly-gen1")]
    | Annotated[ShellyGen2, Tag("shelly-gen2")]
    | Annotated[Tasmota, Tag("tasmota")]
    | Annotated[EspHome, Tag("esphome")]
    | Annotated[HomeAssistant, Tag("home-assistant")],
    BY_MODEL,
]


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
