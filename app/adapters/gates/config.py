"""The config of each kind of gate, checked before anything connects. Unknown keys are refused: ignoring a misspelt
`fail_mode` would lock a door that must not be locked.

An error never repeats a value, and a repr never shows a secret: both end up in logs.
"""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app.adapters.gates.forms.asked import Asked
from app.adapters.gates.forms.http_commands import HttpCommands, HttpForm, check_url
from app.adapters.gates.forms.http_forms import HttpRelay
from app.adapters.gates.forms.mqtt_forms import MqttCommands, MqttForm, MqttRelay
from app.adapters.gates.forms.self_acting import ACTS, acts_by_itself
from app.adapters.net.addresses import ForbiddenAddress, check_literal
from app.core.gates.commands import FailMode
from app.core.gates.hardware import FieldKind

# SCBK-D of the OSDP specification is printed in every manual.
DEFAULT_OSDP_KEY = bytes(range(0x30, 0x40))
Host = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9._:%\[\]-]+$")]
Device = Annotated[str, Field(pattern=r"^/dev(/[A-Za-z0-9_:-][A-Za-z0-9_.:-]*)+$")]

SIGNS = Asked("Secret", "Signs our messages. At least 16 characters; the controller has the same.", FieldKind.SECRET)
AUTHORITY = Asked("Authority's file", "PEM on the service's machine; the system's if empty.", rare=True, sends=True)
TLS = Asked("TLS", "Without it, whoever can read the network can read the password.", sends=True)
OPEN_S = Asked("Seconds that the relay stays switched", "For one opening.")
SHUTS = Asked("The relay ends an opening by itself", "Otherwise we lock it again after those seconds.")
LINE = Asked("Serial line", "Such as /dev/ttyUSB0 of the service's machine.", FieldKind.ADDRESS)


class Checked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, allow_inf_nan=False)


class ReaderConfig(Checked):
    """A badge reader on a serial line (OSDP), whose panel we are. key: as of OsdpConfig."""

    device: Annotated[
        Device, Asked("Badge reader's line", "Of an OSDP reader, such as /dev/ttyUSB1.", FieldKind.ADDRESS, rare=True)
    ] = Field(repr=False)
    key: Annotated[
        str, Asked("Badge reader's key (SCBK)", "32 hex digits, as set in the reader.", FieldKind.SECRET, rare=True)
    ] = Field(repr=False)
    baud: Annotated[Literal[9600, 19200, 38400, 57600, 115200, 230400], Asked("Badge reader's baud", rare=True)] = 9600
    address: Annotated[int, Asked("Badge reader's address", rare=True)] = Field(default=0, ge=0, le=126)

    @field_validator("key")
    @classmethod
    def _nobody_knows_it(cls, key: str) -> str:
        return _own_key(key)


class GateConfig(Checked):
    """gate: its name in commands and topics. fail_mode: what the gate does when nobody drives it. reader: of badges."""

    gate: str = Field(min_length=1, max_length=100)
    fail_mode: Annotated[FailMode, Field(strict=False)] = FailMode.SECURE
    reader: ReaderConfig | None = None


class DryRunConfig(GateConfig):
    gate: str = Field(default="dry-run", min_length=1, max_length=100)


class WebhookConfig(GateConfig):
    """One of three: `url` and `secret` for a relay that checks our signature; `commands`, a request for each command;
    `relay`, the ready form of a common device.

    Attributes:
        timeout_s: Of one attempt.
        probe_s: How often to check that the relay still accepts connections. 0 for never.
        ca_file: PEM, instead of the system's authorities.
        open_s: How long one opening lasts, where we decide that.
        shuts_itself: The relay itself ends an opening sent by `commands`. Otherwise we send `secure` after open_s.
    """

    url: Annotated[str | None, Asked("Address", "Where the signed message goes.", FieldKind.ADDRESS)] = Field(
        default=None, repr=False, max_length=2000
    )
    secret: Annotated[str | None, SIGNS] = Field(default=None, repr=False, min_length=16)
    commands: HttpCommands | None = None
    relay: HttpRelay | None = None
    open_s: Annotated[float, OPEN_S] = Field(default=3.0, ge=0.5, le=60)
    shuts_itself: Annotated[bool, SHUTS] = False
    timeout_s: Annotated[float, Asked("Longest wait for one answer, in seconds", rare=True)] = Field(
        default=2.0, ge=0.05, le=30
    )
    probe_s: Annotated[float, Asked("Seconds between checks of the line", "0: never.", rare=True)] = Field(
        default=10.0, ge=0, le=3600
    )
    ca_file: Annotated[str | None, AUTHORITY] = None

    @field_validator("url")
    @classmethod
    def _no_surprises(cls, url: str | None) -> str | None:
        if url is not None and acts_by_itself(check_url(url)):
            raise ValueError(ACTS)
        return url

    @model_validator(mode="after")
    def _one_form(self) -> "WebhookConfig":
        if sum(form is not None for form in (self.url, self.commands, self.relay)) != 1:
            raise ValueError("give one of url (with secret), commands and relay")
        if (self.url is None) != (self.secret is None):
            raise ValueError("url needs secret, which nothing else has")
        if self.shuts_itself and self.commands is None:
            raise ValueError("shuts_itself belongs to commands: the ready forms know it")
        return self

    @property
    def form(self) -> HttpForm | None:
        """None if our signed JSON goes to one address."""
        if self.relay is not None:
            return self.relay.form(self.open_s)
        return HttpForm(self.commands, self.shuts_itself) if self.commands is not None else None


class MqttConfig(GateConfig):
    """Our own messages, unless `commands` (a topic and payload for each command) or `relay` (the ready form of a common
    device) is given.

    Attributes:
        topic: The gate's own prefix; `/command`, `/mode` and `/state` follow it.
        secret: Signs our messages, so a relay can tell them from forged ones.
        protocol: '5' if the broker supports it: only then can it drop an expired command.
        keepalive_s: The broker publishes the last will after 1.5 times this.
        open_s, shuts_itself: As for a webhook.
    """

    host: Annotated[Host, Asked("Broker", "Its name or address.", FieldKind.ADDRESS)]
    port: Annotated[int | None, Asked("Port", "1883, or 8883 with TLS, if empty.", rare=True, sends=True)] = Field(
        default=None, ge=1, le=65535
    )
    topic: Annotated[str, Asked("Topic", "The gate's own; facegate/NAME if empty.")] = Field(
        default="", max_length=200, pattern=r"^[^#+\x00$][^#+\x00]*$|^$"
    )
    secret: Annotated[str | None, SIGNS] = Field(default=None, repr=False, min_length=16)
    commands: MqttCommands | None = None
    relay: MqttRelay | None = None
    open_s: Annotated[float, OPEN_S] = Field(default=3.0, ge=0.5, le=60)
    shuts_itself: Annotated[bool, SHUTS] = False
    username: Annotated[str | None, Asked("User name", "Of the broker's account for Facegate.")] = None
    password: Annotated[str | None, Asked("Password", kind=FieldKind.SECRET)] = Field(default=None, repr=False)
    tls: Annotated[bool, TLS] = False
    ca_file: Annotated[str | None, AUTHORITY] = None
    protocol: Annotated[Literal["5", "3.1.1"], Asked("MQTT version", rare=True)] = "5"
    keepalive_s: Annotated[int, Asked("Seconds between signs of life", rare=True)] = Field(default=10, ge=1, le=300)

    @field_validator("host")
    @classmethod
    def _a_gate_s_address(cls, host: str) -> str:
        return _allowed(host, host.strip("[]"))

    @model_validator(mode="after")
    def _complete(self) -> "MqttConfig":
        if self.password is not None and self.username is None:
            raise ValueError("a password needs a username")
        if self.commands is not None or self.relay is not None:
            if self.commands is not None and self.relay is not None:
                raise ValueError("give one of commands and relay, or neither")
            if self.topic or self.secret is not None:
                raise ValueError("topic and secret are for our own messages, which commands and relay replace")
        elif not self.topic and re.search(r"[#+/$\x00]", self.gate):
            raise ValueError("topic must be given where the gate's name holds # + / or $")
        if self.shuts_itself and self.commands is None:
            raise ValueError("shuts_itself belongs to commands: the ready forms know it")
        return self

    @property
    def form(self) -> MqttForm | None:
        """None if our own messages are published."""
        if self.relay is not None:
            return self.relay.form(self.open_s)
        return MqttForm(self.commands, self.shuts_itself) if self.commands is not None else None

    @property
    def prefix(self) -> str:
        return self.topic.rstrip("/") or f"facegate/{self.gate}"

    @property
    def actual_port(self) -> int:
        return self.port or (8883 if self.tls else 1883)


class OsdpConfig(GateConfig):
    """fail_mode can only be 'secure' (we do nothing): the panel holds the lock, so fail-safe is set there.

    Attributes:
        key: The secure channel's base key (SCBK) as agreed with the panel, 32 hex digits.
        facility: The site code of the Wiegand formats.
        raw_bits: The length for card_format 'raw'.
        max_age_s: A card that the panel has not read by then is withdrawn.
        passed_output: The output that the panel switches on, for a moment, when somebody went through.
    """

    device: Annotated[Device, LINE] = Field(repr=False)
    baud: Annotated[Literal[9600, 19200, 38400, 57600, 115200, 230400], Asked("Baud", rare=True)] = 9600
    address: Annotated[int, Asked("Reader's address", "As set in the panel.")] = Field(default=0, ge=0, le=126)
    key: Annotated[str, Asked("Key (SCBK)", "32 hex digits, as agreed with the panel.", FieldKind.SECRET)] = Field(
        repr=False
    )
    card_format: Annotated[Literal["wiegand26", "wiegand37", "raw"], Asked("Card format")] = "wiegand26"
    facility: Annotated[int | None, Asked("Facility code", "Of the Wiegand formats.")] = Field(
        default=None, ge=0, le=65535
    )
    raw_bits: Annotated[int | None, Asked("Bits of a raw card", rare=True)] = Field(default=None, ge=1, le=128)
    max_age_s: Annotated[float, Asked("Seconds that a card is shown", rare=True)] = Field(default=2.0, ge=0.1, le=2.0)
    passed_output: Annotated[int | None, Asked("Output that reports a passage", "See the README.", rare=True)] = Field(
        default=None, ge=0, le=15
    )

    @field_validator("key")
    @classmethod
    def _nobody_knows_it(cls, key: str) -> str:
        return _own_key(key)

    @model_validator(mode="after")
    def _complete(self) -> "OsdpConfig":
        if self.fail_mode is not FailMode.SECURE:
            raise ValueError("fail_mode must be 'secure': the panel holds the lock, set its fail-safe there")
        if (self.card_format == "raw") != (self.raw_bits is not None):
            raise ValueError("raw_bits belongs to card_format 'raw', and must be given there")
        most = {"wiegand26": 255, "wiegand37": 65535, "raw": -1}[self.card_format]
        if self.facility is not None and self.facility > most:
            raise ValueError("facility is 0 to 255 with wiegand26, 0 to 65535 with wiegand37, and none with raw")
        return self


class SerialConfig(GateConfig):
    """A relay on a serial line.

    Attributes:
        drive: 'bytes' writes `on` and `off`. 'rts' and 'dtr' switch that line, inverted with `invert`.
        on, off: Hex. The default is the protocol of the common USB relay boards.
        open_s: How long the relay stays on for one command.
    """

    device: Annotated[Device, LINE] = Field(repr=False)
    baud: Annotated[int, Asked("Baud", rare=True)] = Field(default=9600, ge=50, le=4_000_000)
    drive: Annotated[Literal["bytes", "rts", "dtr"], Asked("Switched by", "Bytes on the line, or its RTS or DTR.")] = (
        "bytes"
    )
    on: Annotated[str, Asked("Bytes that switch on", "Hex. Those of the common USB boards if left.", rare=True)] = (
        "A0 01 01 A2"
    )
    off: Annotated[str, Asked("Bytes that switch off", "Hex.", rare=True)] = "A0 01 00 A1"
    invert: Annotated[bool, Asked("Current holds the lock shut", "For RTS and DTR.", rare=True)] = False
    open_s: Annotated[float, OPEN_S] = Field(default=3.0, ge=0.1, le=60)

    @field_validator("on", "off")
    @classmethod
    def _hex(cls, text: str) -> str:
        try:
            data = bytes.fromhex(text)
        except ValueError:
            raise ValueError("must be hex digits in pairs") from None
        if not 1 <= len(data) <= 64:
            raise ValueError("must be 1 to 64 bytes")
        return text

    @model_validator(mode="after")
    def _complete(self) -> "SerialConfig":
        if self.drive == "bytes" and bytes.fromhex(self.on) == bytes.fromhex(self.off):
            raise ValueError("on and off are the same bytes")
        if self.drive == "bytes" and (wrong := _board_says(bytes.fromhex(self.on), bytes.fromhex(self.off))):
            raise ValueError(wrong)
        if self.drive == "bytes" and self.invert:
            raise ValueError("invert is for rts and dtr; swap on and off instead")
        return self


def _own_key(key: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{32}", key):
        raise ValueError("must be 32 hex digits")
    if bytes.fromhex(key) == DEFAULT_OSDP_KEY or len(set(bytes.fromhex(key))) == 1:
        raise ValueError("is a well-known default; generate your own")
    return key


def _board_says(on: bytes, off: bytes) -> str | None:
    """What is wrong with two frames of the common boards (A0, relay, operation, sum), or None."""
    frames = [data for data in (on, off) if len(data) == 4 and data[0] == 0xA0 and data[3] == sum(data[:3]) & 0xFF]
    if any(frame[2] == 4 for frame in frames):
        return "on and off must not toggle: a repeated release would end itself"
    if len(frames) == 2 and on[1] != off[1]:
        return "on and off address different relays, so an opened gate would never shut"
    return None


def _allowed(host: str, value: str) -> str:
    try:
        check_literal(host, loopback=True)
    except ForbiddenAddress as error:
        raise ValueError(str(error)) from None
    return value
