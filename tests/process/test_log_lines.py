"""With log_format json, every line is one object that a collector reads without knowing the line."""

import json
import logging

import pytest

from app.process.log_lines import JsonLines


def line(message: str, *values: object, **more: object) -> dict[str, str]:
    made = JsonLines().format(logging.LogRecord("app.gates", logging.WARNING, "x.py", 1, message, values, None, **more))  # type: ignore[arg-type]
    assert "\n" not in made
    found: dict[str, str] = json.loads(made)
    return found


def test_event_and_its_fields_are_told_apart() -> None:
    said = line('gate_command_failed gate=%s why="%s" again_s=%.1f', "lobby", "no answer in time", 2.0)
    assert {said.pop(name) for name in ("level", "logger")} == {"warning", "app.gates"}
    assert said.pop("at").endswith("Z")
    assert said == {
        "event": "gate_command_failed",
        "gate": "lobby",
        "why": "no answer in time",
        "again_s": "2.0",
    }


@pytest.mark.parametrize("words", ["Started server process", "something went wrong at=noon", "", "ünïcode \x1b[2J"])
def test_line_of_a_library_is_a_message(words: str) -> None:
    assert line("%s", words)["message"] == words


@pytest.mark.parametrize("why", ['open "x": denied', "two words without quotes"])
def test_line_whose_fields_cannot_be_told_apart_is_kept_whole(why: str) -> None:
    form = 'camera_lost why="%s"' if '"' in why else "camera_lost why=%s"
    assert line(form, why)["message"] == form % why


def test_field_cannot_pose_as_the_lines_own() -> None:
    said = line('clock_moved at=%s level=%s event="%s"', "noon", "error", "none")
    assert (said["event"], said["level"], said["field_at"], said["field_event"]) == (
        "clock_moved",
        "warning",
        "noon",
        "none",
    )


def test_fault_keeps_its_trace_in_the_line() -> None:
    try:
        raise RuntimeError("broken")
    except RuntimeError as error:
        record = logging.LogRecord(
            "app", logging.ERROR, "x.py", 1, "step_failed of=%s", ("look",), (RuntimeError, error, error.__traceback__)
        )
    said = json.loads(JsonLines().format(record))
    assert said["event"] == "step_failed" and "RuntimeError: broken" in said["exception"]
