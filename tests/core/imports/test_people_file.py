"""A file of people: what is read from it, and what is refused with the line and the reason."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import BadInput, TooLarge
from app.core.imports import people_cells, people_file, people_text
from app.core.types import Employee, Status

ADA = Employee("id", "E-1", "Ada", Status.INACTIVE, email="ada@example.org", groups=("a",))


def read(text: str) -> people_file.PeopleFile:
    return people_file.read(text.encode())


def codes(text: str) -> list[list[str]]:
    return [[problem.code for problem in row.problems] for row in read(text).rows]


def test_row_gives_a_persons_details() -> None:
    (row,) = read(
        "Number,Name,E-Mail,status,valid from,valid_until,groups,legal_basis,consent_at,card_number,photos\n".replace(
            "E-Mail", "email"
        )
        + 'E-1,"Lovelace, Ada",ada@example.org,Inactive,2026-01-01,2027-12-31,'
        "sales|lab,consent,2026-01-02T10:00:00+02:00,0042,a.jpg|b.jpg\n"
    ).rows
    details = row.details(None)
    assert (details.number, details.name, details.status) == ("E-1", "Lovelace, Ada", Status.INACTIVE)
    assert details.valid_from == date(2026, 1, 1)
    assert details.valid_until == date(2027, 12, 31)
    assert details.consent_at == date(2026, 1, 2)
    assert (details.groups, details.card_number) == (("sales", "lab"), "0042")
    assert row.photos == ("a.jpg", "b.jpg") and row.line == 2 and not row.problems


@pytest.mark.parametrize(
    "cell",
    [
        "2027-12-31",
        "20271231",
        "31.12.2027",
        "2027-12-31T00:00:00",
        "2027-12-31 00:00:00",
        "2027-12-31T23:59:59.999Z",
        "2027-12-31T00:00-05:00",
    ],
)
def test_day_is_read_as_it_is_written_whatever_the_zone(cell: str) -> None:
    (row,) = read(f"number,name,valid_from,valid_until,consent_at\nE-1,Ada,{cell},{cell},{cell}\n").rows
    assert not row.problems
    assert {row.value(name) for name in ("valid_from", "valid_until", "consent_at")} == {date(2027, 12, 31)}


def test_missing_column_changes_nothing_and_an_empty_cell_clears() -> None:
    (row,) = read("number,name,groups\nE-1,Ada,\n").rows
    details = row.details(ADA)
    assert (details.email, details.status, details.groups) == ("ada@example.org", Status.INACTIVE, ())
    (row,) = read("number,name,email,status\nE-1,Ada,,\n").rows
    details = row.details(ADA)
    assert (details.email, details.status) == (None, Status.INACTIVE), "an empty status says nothing"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("number,name,valid_untl\nE-1,Ada,2026-01-01\n", "unknown_column", "Did you mean valid_until?"),
        ("number,name,department\nE-1,Ada,x\n", "unknown_column", "# before its name"),
        ("number,number,name\nE-1,E-1,Ada\n", "duplicate_column", "number"),
        ("number,email\nE-1,a@b.c\n", "missing_column", "name"),
        ("number,name\n", "empty_csv", "no rows"),
        ("", "missing_column", "number"),
        ('number,name\nE-1,"Ada\n', "bad_csv", "Line"),
        (f"number,name\nE-1,{'x' * 200_000}\n", "bad_csv", "field larger"),
    ],
)
def test_unusable_file_is_refused_as_a_whole(text: str, code: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(text)
    assert refused.value.code == code and said in refused.value.detail


def test_marked_column_is_ignored() -> None:
    (row,) = read("number,#department,name\nE-1,=SUM(A1),Ada\n").rows
    assert dict(row.sent) == {"number": "E-1", "name": "Ada"} and not row.problems


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ("E-1,Ada,31.13.2027,", "bad_valid_until"),
        ("E-1,Ada,31.12.27,", "bad_valid_until"),
        ("E-1,Ada,46752,", "bad_valid_until"),
        ("E-1,Ada,2027-12-31T08:00,", "bad_valid_until"),
        ("E-1,Ada,2027-02-30,", "bad_valid_until"),
        ("E-1,Ada,2027-12-31T18:00:00Z,", "bad_valid_until"),
        ("E-1,Ada,2027-12-31T23:59:58Z,", "bad_valid_until"),
        ("E-1,Ada,20271331,", "bad_valid_until"),
        ("E-1,Ada,2027-W52-5,", "bad_valid_until"),
        ("E-1,Ada,٢027-12-31,", "bad_valid_until"),
        ("E-1,Ada,10000-01-01,", "bad_valid_until"),
        ("E-1,Ada,,4a", "bad_card_number"),
        ("E-1,,,", "bad_name"),
        (",Ada,,", "bad_number"),
        ("E-1,A\x00da,,", "bad_name"),
        ("E-1", "wrong_cell_count"),
        ("E-1,Ada,,,,x", "wrong_cell_count"),
        ("E-1,=cmd|' /C calc'!A0,,", "formula_injection"),
        ("@E-1,Ada,,", "formula_injection"),
    ],
)
def test_unusable_row_says_why(cells: str, code: str) -> None:
    assert codes(f"number,name,valid_until,card_number\n{cells}\n") == [[code]]


def test_rows_that_contradict_each_other_are_all_refused() -> None:
    rows = read("number,name,card_number\nE-1,Ada,1\nE-2,Bob,2\nE-1,Adele,3\nE-3,Cay,2\n").rows
    assert [[p.code for p in row.problems] for row in rows] == [
        ["duplicate_number"],
        ["duplicate_card"],
        ["duplicate_number"],
        ["duplicate_card"],
    ]
    assert rows[0].problems[0].detail == "Other lines have the same number: 4."


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_as_spreadsheets_save_it_is_read(code: str, delimiter: str) -> None:
    text = f"number{delimiter}name\r\nE-1{delimiter}Éva Jürgens\r\n\r\n"
    file = people_file.read(text.encode(code))
    assert [row.details(None).name for row in file.rows] == ["Éva Jürgens"]
    assert not file.notices


def test_bytes_that_are_not_text_are_refused() -> None:
    with pytest.raises(BadInput) as refused:
        people_file.read(b"number,name\nE-1,\x81\x8d\xff\x00\x01\n")
    assert refused.value.code == "bad_encoding"


@pytest.mark.slow
def test_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(TooLarge):
        people_file.read(b"x" * (people_text.MOST_BYTES + 1))
    rows = "\n".join(f"{i},A" for i in range(people_file.MOST_ROWS + 1))
    with pytest.raises(TooLarge) as refused:
        read(f"number,name\n{rows}")
    assert refused.value.code == "too_many_rows"


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"])))
def test_cell_survives_a_round_trip_and_no_spreadsheet_runs_it(text: str) -> None:
    cell = people_cells.harmless(text)
    assert not cell.startswith(("=", "+", "-", "@"))
    if text:
        (row,) = read(f'number,name,legal_basis\nE-1,Ada,"{cell.replace(chr(34), chr(34) * 2)}"\n').rows
        assert row.sent["legal_basis"] == text


@given(st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"]), min_size=1)))
def test_several_values_in_a_cell_survive_a_round_trip(parts: list[str]) -> None:
    assert people_cells.split(people_cells.join(parts)) == tuple(parts)
