"""A folder of the owner's packs that no pack may be called as, or that cannot be read, is shown with the reason."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.__main__ import cli
from app.adapters.vision.packs import pack as packs
from app.core.errors import WeightsError
from tests.packs import make_pack
from tests.photos import photo


def folders(root: Path, *names: str) -> Path:
    """The same sound pack under each of these names."""
    made = make_pack(root, "own")
    for name in names:
        (root / name).mkdir()
        for file in made.iterdir():
            (root / name / file.name).write_bytes(file.read_bytes())
    return root


def test_misnamed_folder_error_states_the_naming_rule(tmp_path: Path) -> None:
    folders(tmp_path, "Mine", "-mine", "gesicht-größe", "sface")
    (tmp_path / "No Pack").mkdir()

    assert packs.names(tmp_path) == ["sface", "own"]
    found = dict(packs.misnamed(tmp_path))
    assert list(found) == ["-mine", "Mine", "gesicht-größe", "sface"]
    assert "small letters (a to z)" in found["Mine"]
    assert "built-in" in found["sface"]
    assert packs.misnamed(tmp_path / "nowhere") == []


def test_unreadable_folder_is_an_unreadable_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a copy by root. Simulated: root, as whom the tests may run, may look everywhere."""
    folders(tmp_path, "locked", "lost+found")
    is_file, open_file = Path.is_file, Path.open

    def allowed(path: Path) -> Path:
        if path.parent.name in ("locked", "lost+found"):
            raise PermissionError(13, "Permission denied", str(path))
        return path

    monkeypatch.setattr(Path, "is_file", lambda path: is_file(allowed(path)))
    monkeypatch.setattr(Path, "open", lambda path, *how, **more: open_file(allowed(path), *how, **more))
    assert packs.names(tmp_path) == ["sface", "locked", "own"] and packs.misnamed(tmp_path) == []
    assert packs.named(packs.digest("own", tmp_path), tmp_path) == "own", "the others are found"
    with pytest.raises(WeightsError, match="cannot be read: Permission denied"):
        packs.described("locked", tmp_path)

    def refuse(_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(WeightsError, match="cannot be read: Permission denied"):
        packs.names(tmp_path)


def test_command_lists_misnamed_packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("yunet", "face-mesh", "sface"):
        photo(name)  # the weights are there
    monkeypatch.setenv("FACEGATE_PACKS", str(folders(tmp_path / "packs", "Mine", "a\nb")))
    result = CliRunner().invoke(cli, ["packs", "--data", str(tmp_path / "data")])

    assert result.exit_code == 1
    told = " ".join(result.output.split())  # the table is as wide as the terminal
    assert "own 64 yunet CC0-1.0 ready" in told, told
    for name in ("Mine", "a?b"):
        assert f"{name} WRONG: a pack's name has 1 to 40 small letters" in told
