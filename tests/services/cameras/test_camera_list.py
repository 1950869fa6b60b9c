"""Cameras are added, changed and removed; an address is sealed, shown without its password, and broken without harm."""

from dataclasses import replace

import pytest

from app.adapters.cameras.address import masked, with_login
from app.core.approach.tries import Region
from app.core.errors import BadInput, Conflict, CryptoFault, NotFound
from app.core.site.mode import SITE
from app.services.cameras.camera_list import BROKEN, NO_LOGIN, Address, CameraList, Login
from tests.fakes import NOW, Clock, new_id
from tests.services.process import Process

DOOR = Address("rtsp://guard:hunter2@10.0.5.7/stream1", rotation=90)


def refuse_http(address: Address) -> None:
    if address.url.startswith("http:"):
        raise BadInput("bad_camera_url", "not in the clear")


@pytest.fixture
def cameras(site: Process, clock: Clock) -> CameraList:
    return CameraList(site.store, site.vault, clock, new_id, refuse_http, masked, with_login)


def break_seal(site: Process, cameras: CameraList, name: str) -> None:
    with site.store.write() as tx:
        tx.cameras.update(replace(cameras.get(name), sealed_url=b"altered"))


def test_an_address_is_sealed_and_shown_without_its_password(site: Process, cameras: CameraList) -> None:
    camera = cameras.add("door", "lobby-1", DOOR, Region(left=0.2))
    gate = site.gates.get("lobby-1")
    assert cameras.get("door") == cameras.get(camera.id) == camera
    assert cameras.all() == cameras.of_gate(gate.id) == [camera]
    assert (camera.gate_id, camera.created_at, camera.region) == (gate.id, NOW, Region(left=0.2))
    assert camera.enabled and not cameras.add("off", "lobby-1", DOOR, Region(), enabled=False).enabled
    assert b"hunter2" not in camera.sealed_url and "hunter2" not in repr(DOOR)
    assert cameras.address(camera) == DOOR
    shown = cameras.shown(camera)
    assert "hunter2" not in shown.url and "10.0.5.7" in shown.url and (shown.problem, shown.rotation) == ("", 90)


def test_impossible_camera_is_refused(cameras: CameraList) -> None:
    cameras.add("door", "lobby-1", DOOR, Region())
    with pytest.raises(BadInput):
        cameras.add("yard", "lobby-1", Address("http://10.0.5.8/"), Region())
    with pytest.raises(NotFound) as refused:
        cameras.add("yard", "nowhere", DOOR, Region())
    assert refused.value.code == "unknown_gate"
    with pytest.raises(BadInput):
        cameras.add("a/b", "lobby-1", DOOR, Region())
    with pytest.raises(Conflict):
        cameras.add("door", "lobby-1", DOOR, Region())
    assert [camera.name for camera in cameras.all()] == ["door"]


def test_each_setting_changes_by_itself(site: Process, cameras: CameraList) -> None:
    camera = cameras.add("door", "lobby-1", DOOR, Region())
    dock = site.gates.add("dock")
    assert cameras.update("door", enabled=False) == replace(camera, enabled=False)
    assert cameras.update("door", gate="dock").gate_id == dock.id
    moved = cameras.update("door", region={"left": 0.5})
    assert moved.region == Region(left=0.5) and not moved.enabled
    assert cameras.address(cameras.update("door", rotation=180)) == replace(DOOR, rotation=180)
    other = Address("rtsp://10.0.5.9/1")
    assert cameras.address(cameras.update("door", address=other)) == replace(other, rotation=180)
    assert cameras.of_gate(dock.id) == cameras.all() == [cameras.get("door")]


def test_a_change_that_cannot_be_changes_nothing(cameras: CameraList) -> None:
    camera = cameras.add("door", "lobby-1", DOOR, Region())
    with pytest.raises(BadInput) as refused:
        cameras.update("door", enabled=False, region={"left": 0.9, "right": 0.1})
    assert refused.value.code == "bad_region"
    with pytest.raises(BadInput):
        cameras.update("door", address=Address("http://10.0.5.8/"))
    with pytest.raises(NotFound):
        cameras.update("door", gate="nowhere")
    with pytest.raises(NotFound):
        cameras.update("yard", enabled=False)
    assert cameras.get("door") == camera


def test_a_removed_camera_is_gone(cameras: CameraList) -> None:
    cameras.add("door", "lobby-1", DOOR, Region())
    cameras.delete("door")
    assert cameras.all() == []
    for ask in (cameras.get, cameras.delete):
        with pytest.raises(NotFound) as refused:
            ask("door")
        assert refused.value.code == "unknown_camera"


def test_an_address_that_does_not_open_says_so_and_can_be_set_again(site: Process, cameras: CameraList) -> None:
    cameras.add("door", "lobby-1", DOOR, Region())
    good = cameras.add("yard", "lobby-1", DOOR, Region())
    break_seal(site, cameras, "door")
    assert cameras.shown(cameras.get("door")).problem == BROKEN
    assert cameras.shown(good).problem == ""
    with pytest.raises(CryptoFault):
        cameras.address(cameras.get("door"))
    with pytest.raises(Conflict, match="set the address again"):
        cameras.update("door", rotation=90)
    assert cameras.address(cameras.update("door", address=DOOR)) == DOOR


def test_without_the_sites_key_no_address_opens_and_the_list_still_works(site: Process, cameras: CameraList) -> None:
    camera = cameras.add("door", "lobby-1", DOOR, Region())
    with site.store.write() as tx:
        tx.data_keys.destroy(SITE)
    assert cameras.shown(camera).problem == BROKEN
    with pytest.raises(CryptoFault, match="is gone"):
        cameras.address(camera)
    assert cameras.all() == [camera]


def test_login_is_typed_beside_the_address(cameras: CameraList) -> None:
    camera = cameras.add("door", "lobby-1", Address("rtsp://10.0.5.7/1"), Region(), Login("guard", "a/b@c d"))
    assert cameras.address(camera).url == "rtsp://guard:a%2Fb%40c%20d@10.0.5.7/1"
    assert "guard" not in repr(Login("guard", "secret"))

    changed = cameras.update("door", login=Login(password="new"))
    assert cameras.address(changed).url == "rtsp://guard:new@10.0.5.7/1"
    assert cameras.address(cameras.update("door", login=Login("root"))).url == "rtsp://root:new@10.0.5.7/1"


def test_another_address_never_gets_the_stored_login(cameras: CameraList) -> None:
    """Else an admin could send a password that nobody may read to a host of their own."""
    cameras.add("door", "lobby-1", DOOR, Region())
    moved = Address("rtsp://10.0.6.6/1")
    assert cameras.to_try("door", moved, NO_LOGIN, None).url == moved.url
    assert cameras.address(cameras.update("door", address=moved)).url == moved.url
    with pytest.raises(BadInput, match="a password needs a user name"):
        cameras.update("door", address=moved, login=Login(password="alone"))


def test_a_try_is_what_would_be_stored_and_stores_nothing(site: Process, cameras: CameraList) -> None:
    camera = cameras.add("door", "lobby-1", DOOR, Region())
    assert cameras.to_try("door", None, NO_LOGIN, None) == DOOR
    assert cameras.to_try("door", None, Login("root", "x"), 180) == Address(
        "rtsp://root:x@10.0.5.7/stream1", rotation=180
    )
    assert cameras.to_try(None, Address("rtsp://h/1"), Login("u", "p"), 270) == Address("rtsp://u:p@h/1", rotation=270)
    assert cameras.all() == [camera]
    for name, address in ((None, None), ("door", Address("http://10.0.5.7/"))):
        with pytest.raises(BadInput):
            cameras.to_try(name, address, NO_LOGIN, None)
    with pytest.raises(NotFound):
        cameras.to_try("nowhere", None, NO_LOGIN, None)
    break_seal(site, cameras, "door")
    with pytest.raises(Conflict, match="set the address again"):
        cameras.to_try("door", None, NO_LOGIN, None)
