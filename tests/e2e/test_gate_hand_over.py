"""Two services and one gate: the one that drives it is stopped, and the gate ends as its successor keeps it."""

import base64
import secrets
from dataclasses import replace
from pathlib import Path

from tests.adapters.gates.peers import closing
from tests.adapters.gates.relays.relay import HttpRelay
from tests.e2e.server import GATE, Server, Site, serving
from tests.waiting import eventually


def test_stopping_process_sends_its_fail_mode_before_the_next_one_sends_its_mode(
    empty_database_url: str, tmp_path: Path
) -> None:
    master = base64.b64encode(secrets.token_bytes(32)).decode()
    shared = {"database_url": empty_database_url, "master_key": master, "people_keys": str(tmp_path / "people.keys")}
    site = Site.make(tmp_path / "a", **shared)
    site.unspeakable |= {master, empty_database_url}
    with closing(HttpRelay()) as relay:

        def told() -> list[str]:
            return [str(request["command"]) for request in relay.requests]

        first = Server(site)
        try:
            first.ready()
            config = {name: relay.config[name] for name in ("url", "secret")}
            wanted = {"driver": "webhook", "fail_mode": "safe", "config": config}
            answer = first.http.patch(f"/v1/gates/{GATE}", headers=site.key("admin"), json=wanted)
            assert answer.status_code == 200, answer.text
            eventually(lambda: told() == ["secure"], "the gate's driver")
            with serving(replace(site, data=tmp_path / "b")):
                assert first.stop() == 0, first.printed()
                eventually(lambda: len(told()) > 2, "the successor")
                assert told() == ["secure", "release", "secure"]
        finally:
            first.kill()
        assert told()[3:] == ["release"] and relay.mode == "release"
