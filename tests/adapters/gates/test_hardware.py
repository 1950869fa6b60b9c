"""What an admin is asked for each kind of hardware is what its driver takes, and secrets go one way."""

from typing import Any

import pytest
from pydantic import BaseModel

from app.adapters.gates.build import check_config
from app.adapters.gates.config import MqttConfig, OsdpConfig, SerialConfig, WebhookConfig
from app.adapters.gates.forms.asked import fields_of
from app.adapters.gates.hardware import forms
from app.core.errors import BadField
from app.core.gates.commands import DriverKind
from app.core.gates.hardware import FieldKind, HardwareForm, answers_of, completed, config_of, form_of, masked

FORMS = {form.id: form for form in forms()}
KEY = "000102030405060708090a0b0c0d0eff"
# Beyond the required answers of a form, what makes its config complete.
TYPED: dict[str, Any] = {
    "relay.url": "http://10.0.5.9",
    "url": "http://10.0.5.9/gate",
    "host": "10.0.5.2",
    "secret": "sixteen characters",
    "device": "/dev/ttyUSB0",
    "key": KEY,
    "relay.entity": "switch.lobby",
    "relay.state_topic": "lobby/state",
    "commands.open.url": "http://10.0.5.9/pulse",
    "commands.release.url": "http://10.0.5.9/out?state=on",
    "commands.secure.url": "http://10.0.5.9/out?state=off",
    "commands.open.topic": "lobby/pulse",
    "commands.release.topic": "lobby/out",
    "commands.secure.topic": "lobby/out",
    "commands.open.payload": "3",
    "commands.release.payload": "on",
    "commands.secure.payload": "off",
}


def least(form: HardwareForm) -> dict[str, Any]:
    """The shortest answers that a form takes."""
    return {one.name: TYPED.get(one.name, "lobby") for one in form.fields if one.required}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_required_answers_make_a_config_that_its_driver_takes(form: HardwareForm) -> None:
    config = config_of(form, least(form))
    if form.driver is not DriverKind.PLAIN:
        check_config(form.driver, {**config, "gate": "lobby-1"})
    assert form_of(FORMS.values(), form.driver, config) == form
    shown = answers_of(form, config)
    assert shown.whole and set(shown.values) | set(shown.secrets) == set(least(form))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_defaults_are_answers_too(form: HardwareForm) -> None:
    """Sending every default explicitly changes nothing that the driver checks."""
    defaults = {one.name: one.default for one in form.fields if one.default is not None and "." not in one.name}
    config = config_of(form, {**defaults, **least(form)})
    if form.driver is not DriverKind.PLAIN:
        check_config(form.driver, {**config, "gate": "lobby-1"})


@pytest.mark.parametrize("model", [WebhookConfig, MqttConfig, OsdpConfig, SerialConfig])
def test_every_setting_of_a_driver_is_asked_for(model: type[BaseModel]) -> None:
    """A new setting without a question would be out of an admin's reach."""
    shaped = {"gate", "fail_mode", "commands", "relay", "reader"}
    assert {one.name for one in fields_of(model)} == model.model_fields.keys() - shaped


def test_no_secret_is_shown_or_has_a_default() -> None:
    secrets = [one for form in FORMS.values() for one in form.fields if one.kind is FieldKind.SECRET]
    assert {one.name.rpartition(".")[2] for one in secrets} == {"password", "token", "secret", "key"}
    for form in FORMS.values():
        hidden = {one.name: f"hidden {one.name}" for one in form.fields if one.kind is FieldKind.SECRET}
        shown = answers_of(form, config_of(form, {**least(form), **hidden}))
        assert set(shown.secrets) == hidden.keys() and "hidden" not in repr(shown)


def test_secret_in_an_address_is_masked_and_kept() -> None:
    form = FORMS["http-commands"]
    secret = "http://10.0.5.9/out?state=on&api_key=hush"
    stored = config_of(form, {**least(form), "commands.release.url": secret})
    shown = answers_of(form, stored)
    assert "hush" not in repr(shown) and shown.values["commands.release.url"] == masked(secret)
    assert completed(form, shown.values, form, stored) == stored
    assert masked("http://10.0.5.9/out?state=on") == "http://10.0.5.9/out?state=on"


def test_secret_stays_until_its_address_changes() -> None:
    form = FORMS["http-shelly-gen2"]
    stored = config_of(form, {"relay.url": "http://10.0.5.9", "relay.username": "admin", "relay.password": "hush"})
    shown = dict(answers_of(form, stored).values)
    assert completed(form, {**shown, "open_s": 4.0}, form, stored)["relay"]["password"] == "hush"
    with pytest.raises(BadField) as refused:
        completed(form, {**shown, "relay.url": "http://10.0.5.66"}, form, stored)
    assert (refused.value.code, refused.value.field) == ("secret_needed", "relay.password")
    moved = completed(form, {**shown, "relay.url": "http://10.0.5.66", "relay.password": "new"}, form, stored)
    assert moved["relay"]["password"] == "new"
    without = completed(form, {"relay.url": "http://10.0.5.9"}, form, stored)
    assert "password" not in without["relay"], "it goes with its user name"
    assert "password" not in completed(form, {**shown, "relay.password": None}, form, stored)["relay"]


def test_secret_does_not_go_out_in_the_clear_unasked() -> None:
    form = FORMS["mqtt-signed"]
    stored = config_of(form, {"host": "10.0.5.2", "tls": True, "username": "facegate", "password": "hush"})
    with pytest.raises(BadField):
        completed(form, {"host": "10.0.5.2", "username": "facegate"}, form, stored)
    with pytest.raises(BadField):
        completed(form, {"host": "10.0.5.2", "tls": True, "port": 1884, "username": "facegate"}, form, stored)


def test_another_form_starts_from_nothing() -> None:
    form = FORMS["http-shelly-gen2"]
    stored = config_of(form, {"relay.url": "http://10.0.5.9", "relay.username": "admin", "relay.password": "hush"})
    tasmota = completed(FORMS["http-tasmota"], {"relay.url": "http://10.0.5.9"}, form, stored)
    assert tasmota == {"relay": {"model": "tasmota", "url": "http://10.0.5.9"}}


def test_unknown_answer_is_refused() -> None:
    with pytest.raises(BadField) as refused:
        completed(FORMS["serial"], {"device": "/dev/ttyUSB0", "gate": "another"}, None, {})
    assert refused.value.code == "unknown_hardware_field"


def test_config_with_more_than_its_form_says_so() -> None:
    form = FORMS["http-commands"]
    stored = config_of(form, least(form))
    stored["commands"]["open"]["headers"] = {"X-Key": "hush"}
    shown = answers_of(form, stored)
    assert not shown.whole and "hush" not in repr(shown)
