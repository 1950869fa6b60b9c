"""Cameras on the command line: what may be added there, and how a damaged one is listed."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.settings import read_settings
from app.wiring import open_backbone
from tests.e2e.server import GATE, Site, quick


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return Site.make(tmp_path / "data").data


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("rtsp://127.0.0.1:8554/stream", True),
        ("http://localhost:8080/video", True),
        ("rtsp://u:p@[::1]/stream", True),
        ("device:0", True),
        ("rtsp://10.0.5.7/stream", False),
        ("http://10.0.5.7/127.0.0.1", False),
    ],
)
def test_address_of_this_machine_is_marked_as_local(data: Path, url: str, local: bool) -> None:
    added = quick("cameras", "add", "east", url, "--gate", GATE, data=data)

    assert added.returncode == 0, added.stderr
    office = open_backbone(read_settings(data))
    try:
        assert office.cameras.address(office.cameras.get("east")).local is local
    finally:
        office.close()


def test_camera_on_its_side_is_added_with_its_rotation(data: Path) -> None:
    url = "rtsp://10.0.5.7/1"
    assert quick("cameras", "add", "side", url, "--gate", GATE, "--rotation", "90", data=data).returncode == 0
    office = open_backbone(read_settings(data))
    try:
        assert office.cameras.address(office.cameras.get("side")).rotation == 90
    finally:
        office.close()
    refused = quick("cameras", "add", "skew", url, "--gate", GATE, "--rotation", "45", data=data)
    assert refused.returncode != 0 and "0, 90, 180 or 270" in refused.stderr


@pytest.mark.parametrize("password", ["12/3456", "QX?ZJVQ", "QX#ZJVQ", "QX@ZJVQ"])
def test_password_with_separators_is_refused_and_not_quoted(data: Path, password: str) -> None:
    refused = quick("cameras", "add", "cut", f"rtsp://admin:{password}@10.0.5.7/1", "--gate", GATE, data=data)
    listed = quick("cameras", "list", data=data)
    assert refused.returncode != 0 and "write / as %2F" in " ".join(refused.stderr.split())
    shown = refused.stdout + refused.stderr + listed.stdout + listed.stderr
    assert not [part for i in range(len(password) - 3) if (part := password[i : i + 4]) in shown]


@pytest.mark.parametrize("url", ["rtsp://169.254.169.254/x", "rtsp://0.0.0.0/x", "ftp://localhost/x", "rtsp://["])
def test_impossible_camera_address_is_refused(data: Path, url: str) -> None:
    refused = quick("cameras", "add", "east", url, "--gate", GATE, data=data)

    assert refused.returncode != 0 and "Traceback" not in refused.stderr


def test_each_refusal_names_what_is_wrong(data: Path) -> None:
    for words, says in (
        (("rtsp://10.0.5.7/y", "--min-face-px", "1001"), "--min-face-px"),
        (("rtsp://10.0.5.7/y", "--region", "0,0,2,1"), "A region is four shares"),
        (("foo:bar",), "on the command line also with file: or folder:"),
    ):
        refused = quick("cameras", "add", "east", *words, "--gate", GATE, data=data)
        assert refused.returncode != 0 and says in " ".join(refused.stderr.split()), refused


def test_damaged_camera_is_listed_as_such_beside_the_others(data: Path) -> None:
    for name in ("east", "west"):
        assert quick("cameras", "add", name, f"rtsp://10.0.5.7/{name}", "--gate", GATE, data=data).returncode == 0
    office = open_backbone(read_settings(data))
    try:
        with office.store.write() as tx:
            camera = tx.cameras.by_name_or_id("east")
            assert camera is not None
            tx.cameras.update(replace(camera, sealed_url=b"spoilt"))
    finally:
        office.close()

    listed = quick("cameras", "list", data=data)

    assert listed.returncode == 0, listed.stderr
    east, west = sorted(listed.stdout.splitlines())
    assert "set the address again" in east
    assert "rtsp://10.0.5.7:554/***" in west
