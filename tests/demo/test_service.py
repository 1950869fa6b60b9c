"""The demo's service keeps to its own folder and port."""

import socket
from pathlib import Path

import pytest

from app.demo.play import service
from app.demo.play.service import DemoFailed, Service, folder, free_port
from app.settings import Settings
from app.wiring import open_backbone


def test_temporary_folder_is_removed() -> None:
    with folder(None) as place:
        (place / "facegate.db").touch()
    assert not place.exists()


def test_chosen_folder_is_kept_and_can_be_used_again(tmp_path: Path) -> None:
    chosen = tmp_path / "demo"
    for _ in range(2):
        with folder(chosen) as place:
            (place / "facegate.db").touch()
    assert (chosen / "facegate.db").exists()


def test_folder_of_a_real_service_is_refused(tmp_path: Path) -> None:
    (tmp_path / "facegate.db").touch()
    with pytest.raises(DemoFailed, match="--data"), folder(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["facegate.db"]


def test_used_port_is_avoided() -> None:
    with socket.create_server((service.HOST, 0)) as taken:
        port = taken.getsockname()[1]
        assert free_port(port) not in (0, port)


def test_environment_settings_do_not_reach_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_backbone(Settings(data=tmp_path / "demo")).close()
    monkeypatch.setenv("FACEGATE_DATABASE_URL", "postgresql://nowhere.invalid/real")
    monkeypatch.setenv("FACEGATE_CHECKPOINT_FILE", str(tmp_path / "real.jsonl"))
    assert Service(tmp_path / "demo", 0).command("keys", "create", "--role", "admin").startswith("fg_admin_")


def test_failing_command_says_why(tmp_path: Path) -> None:
    open_backbone(Settings(data=tmp_path)).close()
    with pytest.raises(DemoFailed, match="no gate of that name"):
        Service(tmp_path, 0).command("keys", "create", "--role", "gate", "--gate", "nowhere")
