"""Settings come from one place each, a wrong one is named with what to do, and no secret is ever shown."""

import os
from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import CONFIG_FILE, PREFIX, Settings, SettingsError, read_settings

SECRETS = {"MASTER_KEY": "c2VjcmV0IG1hc3Rlcg==", "DATABASE_URL": "postgresql://gate:pa55word@db/facegate"}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine that runs the tests counts."""
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def toml(folder: Path, text: str) -> None:
    (folder / CONFIG_FILE).write_text(text)


def refusal(folder: Path) -> str:
    with pytest.raises(SettingsError) as error:
        read_settings(folder)
    assert error.value.__suppress_context__ or error.value.__context__ is None
    return str(error.value)


def test_everything_has_a_default(tmp_path: Path) -> None:
    settings = read_settings(tmp_path)
    assert settings.data == tmp_path
    assert settings.false_accept_rate == 0.001
    assert settings.url == f"sqlite:///{tmp_path / 'facegate.db'}"
    assert settings.checkpoints == tmp_path / "checkpoints.jsonl"
    assert settings.erasures == tmp_path / "erasures.jsonl"
    assert settings.cache == tmp_path / "cache" / "facegate"
    assert settings.threads == os.cpu_count()


def test_environment_comes_before_the_file_and_the_file_before_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml(tmp_path, "workers = 3\nmax_wait_ms = 200\n")
    monkeypatch.setenv("FACEGATE_WORKERS", "5")
    settings = read_settings(tmp_path)
    assert (settings.workers, settings.max_wait_ms, settings.max_request_mb) == (5, 200, 32)
    assert settings.threads == 5
    assert read_settings(tmp_path, workers=7).workers == 7, "the command line comes before all"


def test_data_folder_is_found_by_argument_then_environment_then_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_settings().data == Path("data")
    (tmp_path / "there").mkdir()
    toml(tmp_path / "there", "workers = 3\n")
    monkeypatch.setenv("FACEGATE_DATA", str(tmp_path / "there"))
    assert (read_settings().data, read_settings().workers) == (tmp_path / "there", 3)
    assert (read_settings(tmp_path).data, read_settings(tmp_path).workers) == (tmp_path, 0)


@pytest.mark.parametrize(
    ("text", "value"), [("false", False), ("False", False), ("0", False), ("no", False), ("1", True)]
)
def test_words_for_false_are_false(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, value: bool) -> None:
    monkeypatch.setenv("FACEGATE_KEEP_SNAPSHOTS", text)
    assert read_settings(tmp_path).keep_snapshots is value


def test_empty_variable_counts_as_unset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_settings(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.setenv(PREFIX + name.upper(), "")
    assert read_settings(tmp_path) == before
    assert read_settings().data == Path("data")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("FACEGATE_WORKER", "FACEGATE_WORKERS"),
        ("FACEGATE_FALSE_ACCEPTANCE_RATE", "FACEGATE_FALSE_ACCEPT_RATE"),
        ("FACEGATE_MASTERKEY", "FACEGATE_MASTER_KEY"),
    ],
)
def test_misspelt_variable_is_refused_with_a_suggestion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    monkeypatch.setenv(name, "hush hush")
    message = refusal(tmp_path)
    assert name in message and f"Did you mean {meant}?" in message and "hush" not in message


def test_unknown_variable_is_refused_without_a_suggestion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEGATE_XQZ", "1")
    assert "FACEGATE_XQZ" in refusal(tmp_path) and "mean" not in refusal(tmp_path)


def test_foreign_variables_are_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEGATES_WORKERS", "7")
    monkeypatch.setenv("WORKERS", "7")
    assert read_settings(tmp_path).workers == 0


def test_misspelt_name_in_the_file_is_refused(tmp_path: Path) -> None:
    toml(tmp_path, 'worker = "hush hush"\n')
    message = refusal(tmp_path)
    assert "worker: there is no such setting. Did you mean workers?" in message
    assert CONFIG_FILE in message and "hush" not in message


@pytest.mark.parametrize("several", ["10.0.5.0/24, fd00::/8", '["10.0.5.0/24", "fd00::/8"]'])
def test_lists_are_written_with_commas_or_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, several: str
) -> None:
    monkeypatch.setenv("FACEGATE_CAMERA_NETWORKS", several)
    assert read_settings(tmp_path).camera_networks == (ip_network("10.0.5.0/24"), ip_network("fd00::/8"))
    monkeypatch.setenv("FACEGATE_GATES", '["lobby-1')
    assert "gates" in refusal(tmp_path)


def test_invalid_network_and_scheme_are_named(tmp_path: Path) -> None:
    toml(tmp_path, 'camera_networks = ["foo"]\n')
    assert "camera_networks" in refusal(tmp_path)
    toml(tmp_path, 'camera_schemes = ["file"]\n')
    assert "camera_schemes" in refusal(tmp_path)


def test_lists_in_the_file_are_toml_lists(tmp_path: Path) -> None:
    toml(tmp_path, 'gates = ["lobby-1", "dock"]\n')
    assert read_settings(tmp_path).gates == ("lobby-1", "dock")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("false_accept_rate", "0"),
        ("false_accept_rate", "0.11"),
        ("false_accept_rate", "nan"),
        ("false_accept_rate", "-0.001"),
        ("precision", "int8"),
        ("workers", "-1"),
        ("workers", "many"),
        ("max_frame_age_ms", "0"),
        ("max_frame_age_ms", "1e99"),
        ("record_deadline_ms", "99"),
        ("min_face_px", "23"),
        ("keep_snapshots", "perhaps"),
        ("log_level", "loud"),
    ],
)
def test_value_out_of_bounds_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(PREFIX + name.upper(), value)
    message = refusal(tmp_path)
    assert name in message and str(tmp_path / CONFIG_FILE) in message


def test_every_wrong_value_is_named_at_once(tmp_path: Path) -> None:
    toml(tmp_path, "workers = -1\nmax_image_mb = 51\n")
    assert "workers" in refusal(tmp_path) and "max_image_mb" in refusal(tmp_path)


def test_refusal_repeats_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(PREFIX + name, value)
    monkeypatch.setenv("FACEGATE_WORKERS", "-1")
    toml(tmp_path, 'master_key = ["hush hush"]\ndatabase_url = { password = "hush hush" }\n')
    message = refusal(tmp_path)
    assert "workers" in message
    for secret in (*SECRETS.values(), "pa55word", "hush"):
        assert secret not in message
    monkeypatch.delenv("FACEGATE_MASTER_KEY")
    assert "master_key" in refusal(tmp_path) and "hush" not in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"workers = ", b"workers 3", b"\xff\xfe", b'workers = 3\nmaster_key = "hush\n'])
def test_invalid_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / CONFIG_FILE).write_bytes(content)
    message = refusal(tmp_path)
    assert str(tmp_path / CONFIG_FILE) in message and "hush" not in message


def test_secrets_are_masked_wherever_settings_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(PREFIX + name, value)
    settings = read_settings(tmp_path)
    masked = settings.masked()
    assert masked.keys() == Settings.model_fields.keys()
    assert set(masked["master_key"]) == set(masked["database_url"]) == {"*"}
    assert masked["mirror"] == "(not set)" and masked["workers"] == "0"
    for shown in (str(masked), repr(settings), str(settings), settings.model_dump_json()):
        assert not [secret for secret in (*SECRETS.values(), "pa55word") if secret in shown]
    assert settings.url == SECRETS["DATABASE_URL"]


def test_settings_are_immutable(tmp_path: Path) -> None:
    settings = read_settings(tmp_path)
    with pytest.raises(ValidationError):
        settings.workers = 3  # type: ignore[misc]


def test_every_setting_says_what_it_is_for() -> None:
    assert len(Settings.model_fields) > 15
    assert all(field.description for field in Settings.model_fields.values())
