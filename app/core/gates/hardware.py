"""What an admin is asked for each kind of hardware, and how the answers become a driver's config and back.

Secrets go one way: what is shown never holds one. A secret that is left out of a change stays as it is, unless the
address that it is sent to changed.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from app.core.errors import BadField
from app.core.gates.commands import DriverKind

Config = Mapping[str, Any]
EACH = ("open", "release", "secure")  # what `*` stands for in a field's name
HIDDEN = "***"
SECRET_WORDS = ("key", "token", "pass", "pwd", "pw", "secret", "auth")


class FieldKind(StrEnum):
    """How a field is asked. ADDRESS: text that says where a secret is sent."""

    TEXT = "text"
    ADDRESS = "address"
    SECRET = "secret"  # noqa: S105  a kind of field, not one
    WHOLE = "whole"
    NUMBER = "number"
    CHOICE = "choice"
    YES_NO = "yes_no"


@dataclass(frozen=True)
class HardwareField:
    """One question.

    Attributes:
        name: the path of the answer in the config, such as `relay.url`; `commands.*.url` sets the URL of every command.
        default: what holds without an answer. required: there is none.
        rare: most sites never change it.
        sends: it says where, or how safely, a secret is sent.
    """

    name: str
    label: str
    kind: FieldKind
    hint: str = ""
    default: str | int | float | bool | None = None
    required: bool = False
    rare: bool = False
    sends: bool = False
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    longest: int | None = None

    @property
    def paths(self) -> tuple[tuple[str, ...], ...]:
        """Where the answer goes: three places for one with `*`."""
        names = (self.name.replace("*", one) for one in EACH) if "*" in self.name else (self.name,)
        return tuple(tuple(name.split(".")) for name in names)


@dataclass(frozen=True)
class HardwareForm:
    """The questions for one kind of hardware.

    Attributes:
        id: such as `http-shelly-gen2`.
        group: how it is connected.
        fixed: what its config always holds, by path.
    """

    id: str
    driver: DriverKind
    label: str
    group: str
    hint: str = ""
    fields: tuple[HardwareField, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class HardwareAnswers:
    """A gate's hardware as it may be shown.

    Attributes:
        values: the answers without secrets, by the field's name.
        secrets: the names of the fields whose secret is stored.
        whole: whether these answers are all of the config; false for one that was set over the API and holds more.
    """

    form: HardwareForm | None
    values: Mapping[str, Any] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    whole: bool = True


@dataclass(frozen=True)
class HardwareChange:
    """form: its id. values: by the field's name; a stored secret that is left out stays, and None removes it."""

    form: str
    values: Config


def form_of(forms: Iterable[HardwareForm], driver: DriverKind, config: Config) -> HardwareForm | None:
    """Returns the first form whose fixed parts a config has, and whose required parts it holds, or None."""
    for form in forms:
        if form.driver is not driver:
            continue
        if any(_at(config, tuple(path.split("."))) != value for path, value in form.fixed.items()):
            continue
        needed = (path for one in form.fields if one.required for path in one.paths)
        if all(_at(config, path) is not None for path in needed):
            return form
    return None


def answers_of(form: HardwareForm | None, config: Config) -> HardwareAnswers:
    """Returns what a page may show of a config."""
    if form is None:
        return HardwareAnswers(None, whole=not config)
    values: dict[str, Any] = {}
    secrets: list[str] = []
    everything: dict[str, Any] = {}
    for one, value in _read(form, config):
        everything[one.name] = value
        if one.kind is FieldKind.SECRET:
            secrets.append(one.name)
        else:
            values[one.name] = masked(value) if one.kind is FieldKind.ADDRESS else value
    return HardwareAnswers(form, values, tuple(secrets), _plain(config_of(form, everything)) == _plain(config))


def config_of(form: HardwareForm, values: Config) -> dict[str, Any]:
    """Returns the config that holds these answers; empty answers and None are left out."""
    config: dict[str, Any] = {}
    for place, value in form.fixed.items():
        _put(config, tuple(place.split(".")), value)
    for one in form.fields:
        value = values.get(one.name)
        if value is not None and value != "":
            for path in one.paths:
                _put(config, path, value)
    return config


def completed(form: HardwareForm, values: Config, before: HardwareForm | None, stored: Config) -> dict[str, Any]:
    """Returns the config for these answers with the stored secrets that they leave out.

    Args:
        values: by the field's name; a secret that is None is removed.
        before, stored: the present form and config of the gate.

    Raises:
        BadField: A field is unknown, or a secret that is left out would be sent to another address.
    """
    fields = {one.name: one for one in form.fields}
    for name in values:
        if name not in fields:
            raise BadField("unknown_hardware_field", f"{form.label} has no field of this name.", name[:100])
    if before is None or before.id != form.id:
        return config_of(form, values)
    kept = {one.name: value for one, value in _read(form, stored)}
    given = dict(values)
    for name, one in fields.items():
        if one.kind is FieldKind.ADDRESS and name in kept and given.get(name) == masked(kept[name]):
            given[name] = kept[name]
    moved = any(one.sends and _or_default(given, one) != _or_default(kept, one) for one in form.fields)
    for name, one in fields.items():
        if one.kind is not FieldKind.SECRET or name in given or name not in kept or not _wanted(name, given, fields):
            continue
        if moved:
            raise BadField("secret_needed", f"The address changed: type “{one.label}” again.", name)
        given[name] = kept[name]
    return config_of(form, given)


def masked(address: Any) -> Any:
    """Returns the address with those values of its query hidden that are named like a secret."""
    if not isinstance(address, str) or "?" not in address:
        return address
    parts = urlsplit(address)
    hidden = [
        (name, HIDDEN if any(word in name.lower() for word in SECRET_WORDS) else value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    if all(value != HIDDEN for _, value in hidden):
        return address
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='*')}" for name, value in hidden)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, parts.fragment))


def named(form: HardwareForm, where: str) -> str | None:
    """Returns the name of the field at a place of the config, as an error says it; None if no field is there."""
    for one in form.fields:
        for path in one.paths:
            if where == ".".join(path):
                return one.name
    return None


def _or_default(given: Config, one: HardwareField) -> Any:
    value = given.get(one.name)
    return one.default if value is None or value == "" else value


def _wanted(name: str, given: Config, fields: Config) -> bool:
    """Whether a password still has its user name."""
    user = f"{name.rpartition('.')[0]}.username".lstrip(".")
    return not name.endswith("password") or user not in fields or bool(given.get(user))


def _read(form: HardwareForm, config: Config) -> Iterator[tuple[HardwareField, Any]]:
    for one in form.fields:
        value = _at(config, one.paths[0])
        if value is not None:
            yield one, value


def _at(config: Config, path: tuple[str, ...]) -> Any:
    here: Any = config
    for step in path:
        here = here.get(step) if isinstance(here, Mapping) else None
    return here


def _put(config: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    here = config
    for step in path[:-1]:
        here = here.setdefault(step, {})
    here[path[-1]] = deepcopy(value)


def _plain(config: Config) -> Any:
    return {key: _plain(value) if isinstance(value, Mapping) else value for key, value in config.items()}
