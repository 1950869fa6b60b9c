"""An address leads to a camera, and nowhere else: each way round the rules is tried."""

from pathlib import Path

import pytest

from app.adapters.cameras.address import CameraAddress, CameraPolicy, masked, parse, pin
from app.adapters.cameras.attached import attached
from app.adapters.cameras.sources import check, open_source
from app.core.errors import BadInput
from tests.adapters.cameras.peers import clock


def test_address_is_parsed() -> None:
    address = parse("rtsp://us%40er:p%3Aw@Cam.example/ch1?sub=1", allow_local=False)
    assert address == CameraAddress("rtsp", "cam.example", 554, "/ch1?sub=1", "us@er", "p:w")


def test_printed_address_hides_its_secrets() -> None:
    url = "rtsp://user:pass@cam.example/user=u_password=p.sdp?token=t"
    assert masked(url) == "rtsp://cam.example:554/***"
    shown = repr(parse(url, allow_local=False))
    assert not [secret for secret in ("user", "pass", "token", "sdp") if f"{secret}=" in shown.replace("user=u", "")]
    assert "u_password" not in shown
    assert masked("rtsp://user:pass@bad host/") == masked("not an address") == "***"
    assert masked("https://user:pass@[fd00::7]:8443/x") == "https://[fd00::7]:8443/***"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://cam.example/x",
        "gopher://cam.example/x",
        "concat:a|b",
        "rtsp:///stream",
        "rtsp://cam.example:99999/x",
        "rtsp://cam.example/x\r\nX: y",
        "rtsp://cam.example/a b",
        "rtsp://[::1/x",
        "rtsp://cam%0d.example/x",
        "rtsp://üser@cam.example/x",
        "http://cam.example/x#anything",
        "rtsp://cam.example/x#sha256=" + "0" * 64,  # no certificate without encryption
        f"rtsp://{'u' * 100}:{'p' * 100}@cam.example/x",
        "rtsp://cam.example/" + "x" * 2000,
    ],
)
def test_invalid_address_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse(url, allow_local=True)
    assert refused.value.code == "bad_camera_address"
    assert "cam.example" not in refused.value.detail


@pytest.mark.parametrize("url", ["file:/etc/passwd", "file:///etc/passwd", "folder:/etc", "FILE:/etc/passwd"])
def test_api_refuses_files_and_folders(url: str) -> None:
    with pytest.raises(BadInput):
        check(url, allow_local=False)
    with pytest.raises(BadInput):
        open_source(url, allow_local=False, clock=clock)
    assert parse(url, allow_local=True).local


def test_recording_address_says_whether_it_plays_in_real_time() -> None:
    fast = parse("file:/films/a%20b%23fast#fast", allow_local=True)
    assert (fast.path, fast.fast) == ("/films/a b#fast", True)
    assert masked("folder:/films#fast") == "folder:/films#fast"
    assert not parse("file:/films/a", allow_local=True).fast
    for wrong in ("device:0#fast", "http://cam.example/x#fast", "rtsps://cam.example/x#fast"):
        with pytest.raises(BadInput):
            parse(wrong, allow_local=True)


def test_device_is_a_video_device() -> None:
    assert check("device:2", allow_local=False).path == "/dev/video2"
    assert parse("device:/dev/video0", allow_local=True).path == "/dev/video0"
    for wrong in ("device:/dev/sda", "device:/dev/video0/../sda", "device:"):
        with pytest.raises(BadInput):
            parse(wrong, allow_local=True)
        with pytest.raises(BadInput):
            check(wrong, allow_local=False)


def test_attached_cameras_are_listed_by_number_with_what_they_call_themselves(tmp_path: Path) -> None:
    for number, name, index in ((10, "Lab\x07 cam\n", 0), (2, "C920 HD Pro\n", 0), (3, "C920 HD Pro\n", 1)):
        (tmp_path / f"video{number}").mkdir()
        (tmp_path / f"video{number}" / "name").write_text(name)
        (tmp_path / f"video{number}" / "index").write_text(f"{index}\n")
    (tmp_path / "video4").mkdir()  # it was unplugged at this moment
    assert [(one.url, one.name) for one in attached(tmp_path)] == [
        ("device:2", "C920 HD Pro"),
        ("device:10", "Lab cam"),
    ]
    assert attached(tmp_path / "none") == []


def test_site_names_the_schemes_it_allows() -> None:
    address = parse("rtsp://cam.example/1", allow_local=False)
    secure = CameraPolicy(schemes=frozenset({"rtsps", "https"}))
    with pytest.raises(BadInput, match="only by https, rtsps"):
        pin(address, allow_local=True, policy=secure, resolver=lambda name, port: ["10.0.0.7"])
    with pytest.raises(BadInput):
        check("rtsp://10.0.0.7/1", allow_local=True, policy=secure)
    assert check("rtsps://10.0.0.7/1", allow_local=False, policy=secure).scheme == "rtsps"


def test_unreachable_camera_can_be_saved() -> None:
    def unknown(name: str, port: int) -> list[str]:
        raise OSError

    assert check("rtsp://gate-7.example/s", allow_local=False, resolver=unknown).host == "gate-7.example"
