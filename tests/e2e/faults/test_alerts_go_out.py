"""An alert that is recorded goes out, whatever happens to the process in between."""

from pathlib import Path

from app.core.alerts.alert import Alert, AlertKind
from app.core.alerts.receivers import Form
from app.services.alerts.outward.receiver_book import ReceiverChange
from app.settings import read_settings
from app.wiring import new_id, open_backbone
from tests.adapters.receivers.http_receiver import HttpReceiver
from tests.e2e.server import Server, Site
from tests.waiting import eventually, never

HERE = "127.0.0.0/8"


def test_killed_before_and_while_it_sends_it_sends_afterwards_once_for_the_receiver(tmp_path: Path) -> None:
    site = Site.make(tmp_path / "data", receiver_networks=HERE)
    receiver = HttpReceiver()
    receiver.script.append("silence")
    office = open_backbone(read_settings(site.data, receiver_networks=HERE))
    try:
        _, secret = office.outward.book.add(Form.WEBHOOK, ReceiverChange(name="Alarm centre", address=receiver.address))
        # As a process that is killed right after its commit leaves it: raised, and no more.
        with office.store.write() as tx:
            tx.alerts.raise_(Alert(new_id(), office.clock(), AlertKind.DOOR_FORCED))
    finally:
        office.close()
    server = Server(site).ready()
    try:
        eventually(lambda: receiver.ids)
        server.kill()
        receiver.over.set()  # what it was sent is with it, and nobody heard its answer
        server = Server(site).ready()
        eventually(lambda: receiver.messages)
        never(lambda: len(receiver.ids) > 2, 2.5)
        (view,) = server.get("/v1/receivers")["items"]
        assert (view["waiting"], view["last_delivered"]["tries"]) == (0, 2)
        assert len(receiver.ids) == 2 and len(set(receiver.ids)) == 1
        assert receiver.alerts() == ["door_forced raised"]
        assert secret is not None and secret not in server.printed() and "token-in-the-path" not in server.printed()
        assert server.stop() == 0
    finally:
        server.kill()
        receiver.close()


def test_service_ends_while_a_receiver_is_silent(tmp_path: Path) -> None:
    site = Site.make(tmp_path / "data", receiver_networks=HERE)
    receiver = HttpReceiver()
    receiver.script.append("silence")
    server = Server(site).ready()
    try:
        made = server.http.post(
            "/v1/receivers",
            headers=site.key("admin"),
            json={"name": "Alarm centre", "form": "webhook", "address": receiver.address},
        )
        assert made.status_code == 201, made.text
        door = "/v1/gates/lobby-1/heartbeat"
        assert server.http.post(door, headers=site.key("gate"), json={"state": "forced"}).status_code == 204
        eventually(lambda: receiver.ids)
        assert server.stop() == 0
    finally:
        server.kill()
        receiver.close()
