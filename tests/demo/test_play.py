"""The whole demo as a newcomer runs it: the end-to-end test of the service, its command line and its gate."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from app.demo.script import Approach, play
from tests.photos import photo

DEMO = (sys.executable, "-m", "app", "demo", "--port", "0")


@pytest.fixture(autouse=True)
def _photos() -> None:
    photo("obama")


def test_every_decision_is_right_and_the_output_suits_a_pipe(tmp_path: Path) -> None:
    home = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([*DEMO, "--exit"], env=home, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    decisions = sum(isinstance(act, Approach) for act in play())
    assert f"{decisions} of {decisions} right; strangers let in: 0" in done.stdout
    assert f"The log is whole: {decisions} decisions" in done.stdout
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_it_serves_on_until_interrupted_and_its_request_can_be_pasted(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*DEMO, "--data", str(tmp_path / "demo")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "Ctrl-C ends it" in line:
                break
        found = re.search(r"Bearer (\S+)' \\\n  -F image=@(\S+) \\\n  (\S+)", said)
        assert found, said
        key, frame, url = found.groups()
        with httpx.Client(trust_env=False, headers={"Authorization": f"Bearer {key}"}) as client:
            answer = client.post(url, files={"image": Path(frame).read_bytes()}).json()
            assert answer["reason"] == "recognised"
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=30)
            assert process.returncode == 0
            assert "Traceback" not in said + rest
            with pytest.raises(httpx.ConnectError):
                client.get(url)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]
