"""A folder of the owner's packs that no pack may be called as is shown with the reason, not silently passed over."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.__main__ import cli
from app.adapters.vision import pack as packs
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


def test_folders_with_names_that_no_pack_may_have_are_told_with_the_rule(tmp_path: Path) -> None:
    folders(tmp_path, "Mine", "-mine", "gesicht-größe", "sface")
    (tmp_path / "No Pack").mkdir()

    assert packs.names(tmp_path) == ["sface", "own"]
    found = dict(packs.misnamed(tmp_path))
    assert list(found) == ["-mine", "Mine", "gesicht-größe", "sface"]
    assert "small letters (a to z)" in found["Mine"]
    assert "built-in" in found["sface"]
    assert packs.misnamed(tmp_path / "nowhere") == []


def test_the_command_lists_them_as_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("yunet", "sface"):
        photo(name)  # the weights are there
    monkeypatch.setenv("FACEGATE_PACKS", str(folders(tmp_path / "packs", "Mine", "a\nb")))
    result = CliRunner().invoke(cli, ["packs", "--data", str(tmp_path / "data")])

    assert result.exit_code == 1
    told = " ".join(result.output.split())  # the table is as wide as the terminal
    assert "own 64 yunet CC0-1.0 ready" in told, told
    for name in ("Mine", "a?b"):
        assert f"{name} WRONG: a pack's name has 1 to 40 small letters" in told
