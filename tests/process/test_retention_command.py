"""Retention from the command line: what would go, for how long each kind is kept; and the facts of a DPIA."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.__main__ import cli
from app.core.site.retention import Kind
from app.settings import Settings
from app.wiring.backbone import open_backbone


def test_periods_are_shown_and_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for name in [name for name in os.environ if name.startswith("FACEGATE_") and name != "FACEGATE_CACHE_DIR"]:
        monkeypatch.delenv(name)
    open_backbone(Settings(data=tmp_path / "data")).close()

    def run(*words: str) -> str:
        done = CliRunner().invoke(cli, ["retention", *words, "--data", str(tmp_path / "data")])
        assert done.exit_code == 0, done.output
        return done.stdout

    shown = " ".join(run("show").split())  # a narrow terminal breaks words
    assert all(kind.value in shown for kind in Kind) and "Pictures of unknown people" in shown
    assert "24 hours" in run("set", "stranger_pictures", "24")
    assert "24 (usually 72)" in run("show")
    assert "72 hours" in run("set", "stranger_pictures")
    refused = CliRunner().invoke(cli, ["retention", "set", "trail", "1", "--data", str(tmp_path / "data")])
    assert refused.exit_code != 0
    facts = CliRunner().invoke(cli, ["dpia", "--data", str(tmp_path / "data")])
    assert facts.exit_code == 0, facts.output
    assert (
        "## How long it is kept" in facts.stdout
        and "| Pictures of unknown people | 72 hours; due now: 0" in facts.stdout
    )
    assert "| Nobody is enrolled without consent | no |" in facts.stdout
