"""The whole demo as a newcomer runs it: the end-to-end test of service, command line, camera and gate."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from app.__main__ import cli
from app.demo.film.walks import WALKS
from app.demo.play.live import CAMERA
from app.demo.play.script import Approach, play
from tests.photos import photo
from tests.waiting import HANG_S, eventually

CLIP_S = max(walk.goes_s for walk in WALKS)  # in a loop: somebody who is recognised comes once in it
DEMO = (sys.executable, "-m", "app", "demo", "--port", "0")


@contextmanager
def demo(home: Path) -> Iterator[subprocess.Popen[str]]:
    """A demo that keeps its temporary folder in `home`."""
    process = subprocess.Popen(
        DEMO,
        env={**os.environ, "TMPDIR": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]


def said_until(process: subprocess.Popen[str], last: str) -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if last in line:
            break
    return said


def pasted(said: str, pattern: str) -> tuple[str, ...]:
    found = re.search(pattern, said)
    assert found, said
    return found.groups()


def test_every_decision_is_right_and_it_serves_on_until_interrupted(tmp_path: Path) -> None:
    photo("obama")
    home = tmp_path / "a home with spaces"
    home.mkdir()
    with demo(home) as process:
        said = said_until(process, "Ctrl-C ends it")
        approaches = sum(walk.reason is not None for walk in WALKS)
        decisions = sum(isinstance(act, Approach) for act in play())
        assert f"{approaches} of {approaches} approaches right: one event each" in said, said
        assert f"{decisions} of {decisions} right; strangers let in: 0" in said
        assert f"The log is intact: {decisions + approaches} decisions" in said
        assert said.count(f"{CAMERA} dry_run") == sum(walk.opens for walk in WALKS)
        assert "\x1b" not in said
        assert max(len(line) for line in said.partition("Still serving")[0].splitlines()) <= 100
        key, frame, url = pasted(said, r"Bearer (\S+)' \\\n  -F 'image=@([^']+)' \\\n  (\S+)")
        guards_key, events = pasted(said, r"Bearer (\S+)' \\\n  '(\S+)'")
        with httpx.Client(trust_env=False) as client:
            answer = client.post(url, headers=bearer(key), files={"image": Path(frame).read_bytes()}).json()
            assert answer["reason"] == "recognised"

            def since(before: str) -> list[tuple[str, str]]:
                """On a busy machine several walks may be over before somebody looks."""
                found = client.get(events, headers=bearer(guards_key)).json()["items"]
                return [(one["reason"], one["camera"]) for one in found if one["decision_id"] > before]

            before = answer["decision_id"]
            eventually(
                lambda: ("recognised", CAMERA) in since(before),
                "an approach while the demo serves on",
                seconds=CLIP_S + HANG_S,
            )
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=2 * HANG_S)
            assert process.returncode == 0, said + rest
            assert "Traceback" not in said + rest
            with pytest.raises(httpx.ConnectError):
                client.get(url)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("code", [0, 1])
def test_exit_option_ends_it_and_the_exit_code_is_the_result(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    asked: list[bool] = []

    def run(data: Path | None, port: int, stay: bool) -> int:
        asked.append(stay)
        return code

    monkeypatch.setattr("app.demo.play.show.run", run)
    assert CliRunner().invoke(cli, ["demo", "--exit"]).exit_code == code
    assert CliRunner().invoke(cli, ["demo"]).exit_code == code
    assert asked == [False, True]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
