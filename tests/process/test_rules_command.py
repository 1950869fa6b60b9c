"""Rules from the command line: out as YAML and in again, proposed, explained; and a file that is wrong or hostile."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.__main__ import cli
from app.core.errors import BadInput
from app.core.people.details import Details
from app.core.types import Employee
from app.settings import Settings
from app.wiring.backbone import open_backbone

DAYS = """
schedules:
- name: Days
  windows:
  - days: [Mon, Tue, Wed, Thu, Fri]
    start: "07:00"
    length: "12:00"
"""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with a gate and an employee of the group Staff."""
    monkeypatch.setenv("COLUMNS", "200")
    for name in [name for name in os.environ if name.startswith("FACEGATE_") and name != "FACEGATE_CACHE_DIR"]:
        monkeypatch.delenv(name)
    office = open_backbone(Settings(data=tmp_path / "data"))
    office.gates.add("lobby-1")
    with office.store.write() as tx:
        details = Details("E-1", "Ada Lovelace", groups=("Staff",))
        tx.data_keys.add("01A", office.vault.new_key())
        tx.employees.add(Employee("01A", details.number, details.name, groups=details.groups))
    office.close()
    return tmp_path / "data"


def run(data: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["rules", *words, "--data", str(data)])


def exported(data: Path) -> str:
    done = run(data, "export")
    assert done.exit_code == 0, done.output
    return done.stdout


def test_applying_an_export_changes_nothing(data: Path, tmp_path: Path) -> None:
    before = exported(data)
    assert "Everybody, everywhere, always" in before
    file = tmp_path / "rules.yaml"
    written = run(data, "export", str(file))
    version = written.stderr.split()[1]
    assert written.stderr == f"Version {version} of the rules is in {file}.\n"
    assert file.read_text() == before
    done = run(data, "apply", str(file))
    assert done.stdout == f"This changes nothing for anybody.\nSaved. The rules are at version {version}.\n"
    assert exported(data) == before


def test_change_is_shown_made_and_explained(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    before = exported(data)
    changed = before.replace("schedules: []\n", DAYS.lstrip()).replace(
        "where: everywhere", "where: everywhere, schedule: Days"
    )
    assert changed != before
    file.write_text(changed)
    words = "This takes hours from 1 person at 1 gate.\nlobby-1\n  fewer hours: Ada Lovelace\n"
    assert run(data, "diff", str(file)).stdout == words
    assert run(data, "apply", str(file), "--dry-run").stdout.startswith(f"{words}Nothing was saved.")
    assert exported(data) == before
    assert run(data, "apply", str(file)).stdout.startswith(f"{words}Saved.")
    sunday = ("--at", "2026-11-29T12:00:00+00:00")
    told = run(data, "explain", "E-1", "lobby-1", *sunday).stdout
    assert told.startswith("Ada Lovelace may not pass lobby-1: outside_schedule\nOpens Mon 07:00.\n")
    assert "✗ schedule: Days" in told and "✓ who: everybody" in told
    assert run(data, "who", "lobby-1", *sunday).stdout == ""
    assert run(data, "who", "lobby-1", "--at", "2026-11-30T12:00:00+00:00").stdout == "E-1\tAda Lovelace\n"


def test_entry_that_names_nothing_is_refused_with_its_line(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    before = exported(data)
    file.write_text(before.replace("who: everybody", "who: {groups: [Nobody]}"))
    line = 1 + next(n for n, text in enumerate(file.read_text().splitlines()) if "Nobody" in text)
    refused = run(data, "apply", str(file)).exception
    assert isinstance(refused, BadInput)
    assert refused.detail == f'Line {line}: rules[0].who.groups[0]: There is no group "Nobody".'
    assert exported(data) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "format: 1\nrules:\n- name: A\n  who: everybody\n  where: nowhere\n",
            "Line 5: rules[0].where: Write a mapping",
        ),
        ("format: 1\nrules:\n- name: A\n  where: everywhere\n", "Line 3: rules[0]: who is missing."),
        ("format: 1\nrules: x\n", "Line 2: rules: Write a list."),
        ("format: 2\n", "Line 1: format: Only format 1 can be read."),
        ("format: 1\ncalendars:\n- name: A\n  dates: [2026-13-01]\n", "Line 4: calendars[0].dates[0]: Write a date"),
        ("a: &a [1]\nb: [*a, *a]\n", "Line 1: Anchors and aliases are not read."),
        (
            "format: 1\nsites:\n- {name: Site, time_zone: UTC}\nzones:\n- {name: Z, site: Site, inside: Y}\n"
            "- {name: Y, site: Site, inside: Z}\n",
            "Line 6: zones[Y].parent: The zone would be inside itself.",
        ),
        (
            "format: 1\nsites:\n- {name: Site, time_zone: UTC}\n- {name: site, time_zone: UTC}\n",
            "Line 3: sites[Site].name: Another is called",
        ),
        ("", "Line 1: Write a mapping"),
    ],
)
def test_invalid_file_is_refused_with_its_line(data: Path, tmp_path: Path, text: str, said: str) -> None:
    before = exported(data)
    file = tmp_path / "rules.yaml"
    file.write_text(text)
    refused = run(data, "apply", str(file)).exception
    assert isinstance(refused, BadInput) and refused.detail.startswith(said), refused
    assert exported(data) == before


def test_file_of_100_mb_is_not_read(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    with file.open("wb") as opened:
        opened.truncate(100_000_000)
    refused = run(data, "apply", str(file)).exception
    assert isinstance(refused, BadInput)
    assert refused.detail == "The file is too large: at most 2 MB are read."


def test_time_that_cannot_be_read_is_refused(data: Path) -> None:
    refused = run(data, "who", "lobby-1", "--at", "tomorrow").exception
    assert isinstance(refused, BadInput) and refused.code == "bad_at"
