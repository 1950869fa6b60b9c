"""A live gallery is moved to another model pack: gates decide all the while, and it goes on where it was killed."""

import re
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import httpx

from app.core.recognition.calibration import Tail
from tests import packs, pictures
from tests.e2e.server import GATE, ROOT, Server, Site, app, environment, serving
from tests.waiting import eventually

PEOPLE = {"E-1": "obama", "E-2": "person_b_1"}
# What the small network calls alike: it sees little more than light and dark, so only the same picture will do.
STRICT = replace(packs.CALIBRATION, tail=Tail(0.97, 0.001, 0.001, 0.0, 0.0, 0.0), same_person=0.97, margin=0.0)


def digest_now(server: Server) -> str:
    found = re.search(r"pack (\w{12})", server.http.get("/readyz").text)
    return found[1] if found else ""


def test_gates_decide_during_reembedding(tmp_path: Path) -> None:
    folder = tmp_path / "packs"
    packs.make_pack(folder, "small", calibration=STRICT)
    site = Site.make(tmp_path / "data", packs=str(folder))
    with serving(site) as server:
        for number, portrait in PEOPLE.items():
            (result,) = server.photograph(server.employ(number, f"Person {number}"), portrait)
            assert result["accepted"]
        before = digest_now(server)
        answers = Answers(server)
        with answers:
            # given a move that is killed in the middle of its work, gates go on
            words = [sys.executable, "-m", "app", "reembed", "--pack", "small", "--data", str(site.data)]
            settings = environment(packs=str(folder))
            killed = subprocess.Popen(words, cwd=ROOT, env=settings, stderr=subprocess.PIPE)
            assert killed.stderr is not None
            killed.stderr.read(1)  # it shows its progress: it has begun
            killed.kill()
            killed.communicate()
            assert digest_now(server) == before
            # when it is run again to its end, and the service has followed
            done = app("reembed", "--pack", "small", data=site.data, packs=str(folder))
            assert done.returncode == 0, done.stderr
            assert "Switched to 2 new templates" in done.stdout
            eventually(lambda: followed(server, before), "the service follows", seconds=120)
        # then every answer was the right one; nobody was refused, and who waited was not let in by an old picture
        assert answers.wrong == [] and answers.right > 5
        assert answers.late <= 2 and answers.cut <= 1
        assert answers.longest_s < 30
        # and people are recognised by the new pack
        assert server.approach("obama").json()["reason"] == "recognised"
        assert server.approach("biden").json()["decision"] == "deny"
        shown = server.get("/v1/audit/verify")
        assert shown["valid"] is True


def followed(server: Server, before: str) -> bool:
    try:
        return digest_now(server) not in ("", before)
    except httpx.TransportError:
        return False


class Answers:
    """Somebody asks again and again, each time by a connection of its own, in a thread.

    late: answers to who had waited for the restart. cut: requests that the end of the old process met on their way.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.right, self.late, self.cut, self.longest_s, self.wrong = 0, 0, 0, 0.0, list[str]()

    def __enter__(self) -> "Answers":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        headers = {**self._server.site.key("gate"), "Content-Type": "image/jpeg"}
        address, picture = f"{self._server.http.base_url}/v1/gates/{GATE}/decisions", pictures.small("obama")
        while not self._stop.is_set():
            asked = time.monotonic()
            try:
                answer = httpx.post(address, headers=headers, content=picture, timeout=30, trust_env=False)
            except httpx.ConnectError as error:
                self.wrong.append(f"refused: {error}")
                continue
            except httpx.TransportError:
                self.cut += 1
                continue
            waited, found = time.monotonic() - asked, answer.json()
            self.longest_s = max(self.longest_s, waited)
            if answer.status_code == 200 and (found["decision"], found["employee"]["number"]) == ("open", "E-1"):
                self.right += 1
            elif answer.status_code == 503 and found["error"] == "too_busy":
                self.late += 1
                self._stop.wait(float(answer.headers["Retry-After"]))
            else:
                self.wrong.append(f"{answer.status_code} at {GATE}: {found}")
