"""What counts as an attack let in, of how many presentations, and that no threshold is judged where it was tuned."""

import csv
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from models.accuracy import plots
from models.liveness.pad import (
    LIVE,
    Presentation,
    Rate,
    Scored,
    Shot,
    at,
    by_rule,
    left_out,
    over_an_approach,
    presentations,
    rates,
    read_manifest,
    report_of,
)
from models.liveness.pad_report import markdown

ROOT = Path(__file__).parents[3]
COLUMNS = ("path", "label", "source", "x", "y", "w", "h")


def written(folder: Path, *rows: Sequence[object], columns: Sequence[str] = COLUMNS) -> Path:
    with (folder / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return folder


def scored(kind: str, *scores: float, source: str = "a", presentation: str = "1") -> list[Scored]:
    return [Scored(Shot(Path(f"{i}.jpg"), source, kind, presentation, None), s) for i, s in enumerate(scores)]


def test_new_presentation_begins_where_the_names_times_lie_apart(tmp_path: Path) -> None:
    # The manifest is in no order; names hold Unix times, with as many decimals as they like.
    box = (1, 2, 30, 40)
    folder = written(
        tmp_path,
        ("live/a_1700000011.jpg", "live", "a", *box),
        ("live/a_17000000005.jpg", "live", "a", *box),
        ("live/a_17000000012345678.jpg", "live", "a", *box),
        ("replay/a_1700000000.jpg", "replay", "a", *box),
        ("live/b_frame_12.jpg", "live", "b", *box),
        ("live/b_frame_2.jpg", "live", "b", *box),
    )
    shots = read_manifest(folder)
    assert [(shot.path.stem, shot.presentation) for shot in shots] == [
        ("a_17000000005", "a live 0"),
        ("a_17000000012345678", "a live 0"),
        ("a_1700000011", "a live 1"),
        ("a_1700000000", "a replay 0"),
        ("b_frame_2", "b live 0"),
        ("b_frame_12", "b live 0"),
    ]


def test_manifest_may_name_presentations_and_leave_the_boxes_to_the_detector(tmp_path: Path) -> None:
    rows = [("1.jpg", "live", "a", "x1"), ("2.jpg", "print", "a", "x2"), ("3.jpg", "print", "a", "x3")]
    shots = read_manifest(written(tmp_path, *rows, columns=("path", "label", "source", "presentation")))
    assert [(s.kind, s.presentation, s.box) for s in shots] == [
        ("live", "x1", None),
        ("print", "x2", None),
        ("print", "x3", None),
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("../../etc/passwd", "live", "a", 1, 2, 3, 4), "row 2: .* is outside"),
        (("/etc/passwd", "live", "a", 1, 2, 3, 4), "row 2: .* is outside"),
        (("1.jpg", "live", "a", 1, 2, "wide", 4), "row 2: could not convert"),
        (("1.jpg", "live", "a", 1, 2, "nan", 4), "row 2: the box must be"),
        (("1.jpg", "live", "a", 1, 2, 0, 4), "row 2: the box must be"),
        (("1.jpg", "", "a", 1, 2, 3, 4), "row 2: label and source"),
        (("1.jpg",), "row 2: "),
    ],
)
def test_impossible_row_is_named(tmp_path: Path, row: Sequence[object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_manifest(written(tmp_path, row, ("2.jpg", "replay", "a", 1, 2, 3, 4)))


def test_manifest_needs_its_columns_and_both_kinds(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="rows of live people and of attacks"):
        read_manifest(written(tmp_path, ("1.jpg", "live", "a", 1, 2, 3, 4)))
    with pytest.raises(ValueError, match="columns path, label and source"):
        read_manifest(written(tmp_path, ("1.jpg",), columns=("path",)))


def test_short_remainder_of_a_presentation_does_not_count() -> None:
    frames = [*scored(LIVE, *[0.9] * 7), *scored("replay", 0.1, 0.2, presentation="2")]
    assert [(one.kind, len(one.scores)) for one in presentations(frames)] == [(LIVE, 7), ("replay", 2)]
    assert [(one.kind, len(one.scores)) for one in presentations(frames, at_most=5)] == [(LIVE, 5), ("replay", 2)]
    assert len(presentations(frames, at_most=1)) == 9


def test_errors_are_attacks_let_in_and_people_turned_away() -> None:
    shown = presentations(
        [
            *scored(LIVE, 0.9, 0.9, presentation="1"),
            *scored(LIVE, 0.2, 0.3, presentation="2"),
            *scored("replay", 0.8, 0.9, presentation="3"),
            *scored("print", 0.1, 0.1, presentation="4"),
            *scored("print", 0.1, 0.2, presentation="5"),
        ]
    )
    apcer, bpcer = rates(shown, at(0.5))
    assert ((apcer.errors, apcer.total), (bpcer.errors, bpcer.total)) == ((1, 3), (1, 2))


def test_approach_is_let_in_by_any_of_its_tries() -> None:
    lucky = (0.8, 0.1, 0.1, 0.1, 0.1)
    assert over_an_approach(lucky) and not by_rule(lucky)
    late = (0.1, 0.1, 0.9, 0.9, 0.9)
    assert over_an_approach(late) and by_rule(late)
    assert not over_an_approach((0.6, 0.55, 0.5, 0.1))


def test_sources_threshold_is_chosen_on_the_others() -> None:
    def source(name: str, live: float, attack: float) -> list[Presentation]:
        return [Presentation(name, LIVE, "l", (live,)), Presentation(name, "replay", "r", (attack,))]

    found = {row["source"]: row for row in left_out([*source("a", 0.93, 0.88), *source("b", 0.13, 0.07)])}
    # What parts b parts nothing of a, and the other way round: each is judged by the other's threshold.
    assert (found["a"]["threshold"], found["b"]["threshold"]) == (0.1, 0.9)
    assert found["a"]["apcer"]["errors"] == 1 and found["b"]["bpcer"]["errors"] == 1
    assert left_out(source("a", 0.9, 0.1)) == []


def test_report_says_every_group_and_can_be_read_and_drawn(tmp_path: Path) -> None:
    frames = [
        *scored(LIVE, *[0.9] * 6),
        *scored("replay", *[0.1] * 5, presentation="2"),
        *scored(LIVE, 0.4, source="b"),
        *scored("print", 0.95, 0.95, source="b"),
    ]
    report = {**report_of(frames), "not_scored": [], "portraits": Rate(1, 10).as_json()}

    assert set(report["groups"]) == {"all", "source a", "source b", "attack replay", "attack print"}
    assert report["groups"]["attack print"]["presentation"]["apcer"]["errors"] == 1
    assert report["groups"]["source a"]["frame"]["bpcer"] == Rate(0, 6).as_json()
    text = markdown(report)
    assert "| attack print | A 100.0 % (2 of 2;" in text and "portraits, one frame each: 10.0 % (1 of 10;" in text
    if not plots.available():
        pytest.skip(plots.INSTALL)
    plots.attacks(report["sweep"], tmp_path / "pad.png")
    assert (tmp_path / "pad.png").read_bytes().startswith(b"\x89PNG")


def test_source_without_attacks_or_without_live_people_has_no_such_rate() -> None:
    frames = [
        *scored(LIVE, 0.9, 0.9),
        *scored("replay", 0.1, 0.1),
        *scored(LIVE, 0.8, source="friends"),
        *scored("print", 0.2, source="prints"),
    ]
    report = {**report_of(frames), "not_scored": []}

    rows = {row["source"]: row for row in report["left_out"]}
    assert rows["friends"]["apcer"]["interval_95"] is None and rows["prints"]["bpcer"]["interval_95"] is None
    text = markdown(report)
    assert re.search(r"\| friends \| 0\.\d+ \| - \| \d", text) and re.search(r"\| prints \| .* \| - \|", text)


def test_command_says_what_is_missing(tmp_path: Path) -> None:
    environment = {**os.environ, "FACEGATE_CACHE_DIR": str(tmp_path / "empty")}
    folder = written(tmp_path, ("1.jpg", "live", "a", 1, 2, 3, 4), ("2.jpg", "replay", "a", 1, 2, 3, 4))
    command = [sys.executable, "-m", "models", "evaluate-pad", str(folder), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "models fetch minifasnet-v2" in done.stderr
    assert not (tmp_path / "out").exists()
