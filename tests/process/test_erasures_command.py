"""Certificates of erasures from the command line: listed, printed, and verified without an installation."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.__main__ import cli
from app.core.people.details import Details
from app.core.types import Employee, Status
from app.settings import Settings
from app.wiring.backbone import open_backbone
from app.wiring.packs import install


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site on which somebody was erased."""
    monkeypatch.setenv("COLUMNS", "200")
    for name in [name for name in os.environ if name.startswith("FACEGATE_") and name != "FACEGATE_CACHE_DIR"]:
        monkeypatch.delenv(name)
    here = open_backbone(Settings(data=tmp_path / "data"))
    install(here, "pack", "f32")
    with here.store.write() as tx:
        tx.data_keys.add("e1", here.vault.new_key())
        details = Details("E-77001", "Augusta Kingsley")
        tx.employees.add(Employee("e1", details.number, details.name, Status.ACTIVE, created_at=here.clock()))
    here.erasure.erase("e1")
    here.certificates.searches = (here.store.remains,)
    assert here.certificates.make() == 1
    here.close()
    return tmp_path / "data"


def run(*words: str, exit_code: int = 0) -> str:
    done = CliRunner().invoke(cli, ["erasures", *words])
    assert done.exit_code == exit_code, done.output
    return done.output


def test_certificate_is_listed_printed_and_verified(data: Path, tmp_path: Path) -> None:
    here = open_backbone(Settings(data=data))
    (made,), key = here.certificates.all(10), here.signer.public_key()
    here.close()
    assert made.id in run("list", "--data", str(data))
    file = tmp_path / "certificate.json"
    file.write_text(run("certificate", made.id, "--data", str(data)), "utf-8")
    document = json.loads(file.read_text("utf-8"))
    assert document["search"]["found"] == 0 and "Augusta" not in file.read_text("utf-8")
    # by this site, and with its key anywhere
    assert "Nothing was left" in run("verify", str(file), "--data", str(data))
    assert "Nothing was left" in run("verify", str(file), "--public-key", key, "--data", str(tmp_path / "nowhere"))
    # not under another key, not altered, and not what is no certificate
    assert "BAD" in run("verify", str(file), "--public-key", key[:-3] + "AA=", exit_code=1)
    file.write_text(json.dumps({**document, "keys_destroyed": 2}), "utf-8")
    assert "BAD" in run("verify", str(file), "--public-key", key, exit_code=1)
    for content in ("{}", "[]", "no JSON", "[" * 100_000):
        file.write_text(content, "utf-8")
        failed = CliRunner().invoke(cli, ["erasures", "verify", str(file), "--public-key", key])
        assert failed.exit_code == 1 and "no certificate" in str(failed.exception)
