"""The list of artifacts contradicts nothing, and the command over it says what a person needs to know."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.adapters.vision.weights import (
    HttpsSource,
    WeightsMissing,
    load,
    read_artifacts,
)
from app.core.errors import WeightsError
from app.settings import default_cache
from models.__main__ import app
from models.weights.fetch import select
from tests.models.weights.local_site import CONTENT, artifact

ROOT = Path(__file__).parents[3]


def test_projects_own_list() -> None:
    artifacts = read_artifacts()

    assert {"yunet", "face-mesh", "sface", "sface-int8bq"} == {
        a.name for a in artifacts.values() if a.group == "weights"
    }
    assert {"astronaut", "obama", "obama2", "biden", "person_a_1"} <= {
        a.name for a in select(artifacts, group="photos")
    }
    assert "sface-int8bq" not in {a.name for a in select(artifacts)}
    assert {a.name for a in select(artifacts, group="liveness")} == {"minifasnet-v2", "minifasnet-v1se"}
    assert {a.name for a in select(artifacts, group="weights")} == {
        "yunet",
        "face-mesh",
        "sface",
        "minifasnet-v2",
        "minifasnet-v1se",
    }
    assert all(a.licence and a.note for a in artifacts.values())
    assert len({a.cached_name for a in artifacts.values()}) == len(artifacts)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sha256": "abc"}, "64 lower-case hex"),
        ({"file": "../up"}, "bare file name"),
        ({"group": "toys"}, "weights, liveness, mtcnn, photos"),
        ({"sources": '[{ type = "ftp", url = "x" }]'}, "unknown type of source"),
        ({"sources": '[{ type = "pypi", package = "loose", member = "x" }]'}, "pinned as name==version"),
        ({"sources": "[]"}, "either sources or derived_from"),
        ({"sources": "[]", "derived_from": "gone", "build": "fold"}, "'gone', which is not listed"),
        ({"instead_of": "gone"}, "serves instead of 'gone', which is not listed"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_list_that_contradicts_itself_is_refused(tmp_path: Path, change: dict[str, str], said: str) -> None:
    entry = {"file": "a", "sha256": "0" * 64, "licence": "MIT", "note": "", "group": "weights"}
    entry |= {"sources": '[{ type = "https", url = "https://x" }]'} | change
    lines = [f"{k} = {v}" if k == "sources" else f'{k} = "{v}"' for k, v in entry.items()]
    path = tmp_path / "artifacts.toml"
    path.write_text("\n".join(["[a]", *lines]))

    with pytest.raises(WeightsError, match=said):
        read_artifacts(path)


def test_command_fails_offline_with_the_names_and_succeeds_from_a_mirror(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = artifact(HttpsSource("https://unused.invalid"))
    monkeypatch.setattr("models.weights.fetch.read_artifacts", lambda: {"thing": wanted})
    monkeypatch.setenv("FACEGATE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("FACEGATE_MIRROR", raising=False)
    command = CliRunner()

    failed = command.invoke(app, ["fetch", "--offline"])
    assert failed.exit_code == 1
    assert "thing (thing.bin) cannot be fetched" in failed.stderr

    (tmp_path / "thing.bin").write_bytes(CONTENT)
    monkeypatch.setenv("FACEGATE_MIRROR", str(tmp_path))
    done = command.invoke(app, ["fetch", "--offline", "--group", "weights", "thing"])
    assert done.exit_code == 0
    assert "thing: 1.0 MB from mirror, sha256 verified" in done.stdout
    assert "1 artifacts" in done.stdout
    assert command.invoke(app, ["fetch", "nothing"]).exit_code == 1


def test_command_runs_as_a_module(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "models", "fetch", "--offline", "--group", "weights"]
    environment = {**os.environ, "FACEGATE_CACHE_DIR": str(tmp_path)}
    environment.pop("FACEGATE_MIRROR", None)

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "yunet" in done.stderr
    assert "sface" in done.stderr
    assert "obama" not in done.stderr
    assert "minifasnet" not in done.stderr
    assert "a gate works without liveness" in done.stdout


def test_loading_says_how_to_mend_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="run: python -m models fetch sface"):
        load("sface", tmp_path)
    with pytest.raises(WeightsError, match="no artifact is called 'face'; there are: yunet"):
        load("face", tmp_path)


def test_cache_folder() -> None:
    assert default_cache({"FACEGATE_CACHE_DIR": "/a", "XDG_CACHE_HOME": "/b"}) == Path("/a")
    assert default_cache({"XDG_CACHE_HOME": "/b"}) == Path("/b/facegate")
    assert default_cache({}) == Path.home() / ".cache" / "facegate"
