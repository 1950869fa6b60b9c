"""Corrections as labelled pairs: said in a service, exported, and judged by the laboratory with real photos."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.__main__ import cli
from app.core.events.corrections import CorrectionKind
from app.core.people.details import Details
from app.services.access.access import Approach
from app.settings import read_settings
from app.wiring import open_system
from models.__main__ import app
from models.data import labelled_pairs
from tests import pictures

ADA, BOB = "E-1", "E-2"


def corrected(data: Path) -> None:
    """Ada came before she was enrolled; Bob came, was recognised, and somebody says that it was not him."""
    system = open_system(read_settings(data, precision="f32", workers=1))
    try:
        system.gates.add("lobby-1")

        def comes(name: str) -> str:
            return system.access.decide(Approach("lobby-1", (pictures.small(name),), system.clock())).id

        unknown = comes(pictures.ADA[1])
        ids = {}
        for number, photo in ((ADA, pictures.ADA[0]), (BOB, "biden")):
            ids[number] = system.enrolment.add(Details(number, "Somebody")).id
            assert system.enrolment.add_photos(ids[number], [pictures.small(photo, 720)])[0].accepted
        system.corrections.add(unknown, CorrectionKind.WAS, ids[ADA], "tests")
        system.corrections.add(comes("biden"), CorrectionKind.NOT_THIS_PERSON, None, "tests")
    finally:
        system.close()


def test_corrections_are_exported_and_evaluated(tmp_path: Path, cache: Path) -> None:
    corrected(tmp_path / "data")
    out = tmp_path / "out"
    told = CliRunner().invoke(cli, ["corrections", "export", str(out), "--data", str(tmp_path / "data")])
    assert told.exit_code == 0 and "2 of them of corrected events; 2 labelled pairs" in told.output, told.output
    with (out / "pairs.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted((r["photo"].split("/")[1], r["picture"].split("/")[0], r["same"]) for r in csv.DictReader(file))
    assert rows == [(ADA, "people", "yes"), (BOB, "not-them", "no")]
    words = ["evaluate", str(out / "people"), "--pairs", str(out / "pairs.csv"), "--out", str(tmp_path / "report")]
    done = CliRunner().invoke(app, words, env={"FACEGATE_CACHE_DIR": str(cache), "COLUMNS": "400"})
    assert done.exit_code == 0, done.output
    found = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
    pairs = found["verification"]
    assert (pairs["same"], pairs["different"], pairs["file"]) == (1, 1, "pairs.csv")
    doubted, sure = pairs["listed"]
    assert not doubted["same"] and doubted["photo"].startswith(BOB) and doubted["probability"] > 0.99, "a wrong label"
    assert sure["same"] and sure["photo"].startswith(ADA) and sure["similarity"] > 0.5
    assert found["dataset"]["photos"] == 3, "whom it does not show is in none of the other figures"
    assert "Most doubtful first" in (tmp_path / "report" / "report.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("person,picture,shows\n", "no column photo"),
        ("photo,picture,same\n", "has no pairs"),
        ("photo,picture,same\na/1.jpg,b/2.jpg,perhaps\n", "line 2: same must be yes or no"),
        ("photo,picture,same\na/1.jpg,b/3.jpg,yes\n", "line 2: there is no picture 'b/3.jpg'"),
        ("photo,picture,same\na/1.jpg,../x.jpg,yes\n", "line 2: there is no picture '../x.jpg'"),
        ("photo,picture,same\na/1.jpg,,yes\n", "line 2: there is no picture ''"),
        ("photo,picture,same\na/1.jpg,b/2.jpg,yes\na/1.jpg,b/2.jpg,no\n", "line 3: an earlier line says the opposite"),
    ],
)
def test_list_that_cannot_be_used_says_why(tmp_path: Path, text: str, why: str) -> None:
    for name in ("set/a/1.jpg", "set/b/2.jpg", "x.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "set" / "pairs.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=why.replace(".", r"\.")):
        labelled_pairs.read(tmp_path / "set" / "pairs.csv")
