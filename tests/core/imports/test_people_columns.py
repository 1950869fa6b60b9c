"""Files of other systems: their columns are guessed for a person to see, and read only as that person mapped them."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import BadInput
from app.core.imports import people_file
from app.core.imports.people_columns import (
    COLUMNS,
    ColumnMapping,
    Header,
    Unmapped,
    layout_of,
    mapping_from_json,
    mapping_of,
)
from app.core.imports.people_dates import DateOrder

ENGLISH = b"Personnel No;First name;Last name;Department\n0815;Ada;Lovelace;Lab\n0816;Bob;Hope;Lab|Night\n"
GERMAN = (
    "Personalnummer;Vorname;Nachname;Abteilung;Eintritt;Austritt\n"
    "7001;Jörg;Müller;Werk 2;01.02.2026;31.12.2027\n7002;Änne;Groß;;15.03.2026;\n"
).encode("utf-8-sig")


def guess(data: bytes) -> dict[str, Any]:
    return dict(people_file.preview_of(data).guess)


def mapping(columns: dict[str, Any], dates: str | None = None) -> ColumnMapping:
    return mapping_of({"columns": columns, "dates": dates})


def test_columns_of_an_hr_file_are_guessed() -> None:
    assert guess(ENGLISH) == {
        "number": ("Personnel No",),
        "name": ("First name", "Last name"),
        "groups": ("Department",),
    }
    assert guess(GERMAN) == {
        "number": ("Personalnummer",),
        "name": ("Vorname", "Nachname"),
        "groups": ("Abteilung",),
        "valid_from": ("Eintritt",),
        "valid_until": ("Austritt",),
    }


@pytest.mark.parametrize(
    ("header", "row", "found"),
    [
        (
            "number,name,valid_untl",
            "1,Ada,2027-01-01",
            {"number": ("number",), "name": ("name",), "valid_until": ("valid_untl",)},
        ),
        ("ID,Name,Vorname", "1,Lovelace,Ada", {"number": ("ID",), "name": ("Name",)}),
        ("Pers.-Nr.,Full Name,Card No", "1,Ada,x1", {"number": ("Pers.-Nr.",), "name": ("Full Name",)}),
        ("Pers.-Nr.,Full Name,End", "1,Ada,at the door", {"number": ("Pers.-Nr.",), "name": ("Full Name",)}),
    ],
)
def test_guess_is_by_title_and_values(header: str, row: str, found: dict[str, Any]) -> None:
    """What is no card number, and no date, is not taken for one."""
    assert guess(f"{header}\n{row}\n".encode()) == found


def test_file_of_another_system_is_read_as_mapped() -> None:
    said = mapping({name: list(titles) for name, titles in guess(GERMAN).items()})
    file = people_file.read(GERMAN, None, said)
    first, second = (row.details(None) for row in file.rows)
    assert (first.number, first.name, first.groups) == ("7001", "Jörg Müller", ("Werk 2",))
    assert (first.valid_from, first.valid_until) == (date(2026, 2, 1), date(2027, 12, 31))
    assert (second.name, second.groups, second.valid_until) == ("Änne Groß", (), None)
    assert "valid_from was read with the day first: 01.02.2026 is 1 February 2026." in file.notices


def test_names_are_joined_in_the_chosen_order_and_unmapped_columns_are_named() -> None:
    file = people_file.read(ENGLISH, None, mapping({"number": "Personnel No", "name": ["Last name", "First name"]}))
    assert [row.details(None).name for row in file.rows] == ["Lovelace Ada", "Hope Bob"]
    assert file.notices == ("Columns that were not read: Department.",)


def test_groups_come_from_several_columns_and_cells() -> None:
    data = b"No,Name,Team,Site\n1,Ada,Lab|Night,Lab\n"
    (row,) = people_file.read(data, None, mapping({"number": "no", "name": "NAME", "groups": ["Team", "Site"]})).rows
    assert row.details(None).groups == ("Lab", "Night")


def test_header_is_found_below_titles_and_with_equal_or_no_names() -> None:
    data = b"Staff list 2026;;;\nPrinted 29 Nov;;;\nPersonalnr;Name;Name;\n1;Lovelace;Ada;x\n"
    preview = people_file.preview_of(data)
    assert preview.header.line == 3
    assert preview.header.titles == ("Personalnr", "Name", "Name (2)", "Column 4")
    assert [column.samples for column in preview.columns] == [("1",), ("Lovelace",), ("Ada",), ("x",)]
    (row,) = people_file.read(data, None, mapping({"number": "Personalnr", "name": ["Name (2)", "Name"]})).rows
    assert row.details(None).name == "Ada Lovelace"


def test_hostile_cells_are_refused_in_a_mapped_file_too() -> None:
    data = b"No,First,Last\n1,=1+1,Ada\n2,Ada,\xef\xbf\xbd\n"
    rows = people_file.read(data, None, mapping({"number": "No", "name": ["First", "Last"]})).rows
    assert [[problem.code for problem in row.problems] for row in rows] == [["formula_injection"], ["garbled_text"]]


def test_open_order_of_dates_is_asked_for_whatever_the_header() -> None:
    data = b"number,name,valid_until\n1,Ada,01/02/2027\n2,Bob,02/02/2027\n"
    with pytest.raises(Unmapped) as asked:
        people_file.read(data)
    assert asked.value.code == "ambiguous_dates"
    for order, day in ((DateOrder.DAY_FIRST, date(2027, 2, 1)), (DateOrder.MONTH_FIRST, date(2027, 1, 2))):
        first = people_file.read(data, None, ColumnMapping({}, order)).rows[0]
        assert first.value("valid_until") == day
    with pytest.raises(Unmapped):
        people_file.check_mapping(data, None, ColumnMapping({}))


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        ([], "send {"),
        ({"column": {}}, "send {"),
        ({"columns": []}, "columns is an object"),
        ({"columns": {"number": 1}}, "number is the title"),
        ({"columns": {"number": [1]}}, "number is the title"),
        ({"columns": {"number": "x" * 300}}, "number is the title"),
        ({"columns": {"number": "No"}}, "the column with the name"),
        ({"columns": {"number": ["A", "B"], "name": "C"}}, "number is read from one column"),
        ({"columns": {"number": "A", "name": []}}, "name is read from 1 to 5"),
        ({"columns": {"number": "A", "name": ["B", "b "]}}, "name names a column twice"),
        ({"columns": {"number": "A", "name": "B", "salary": "C"}}, "'salary' is none of the columns"),
        ({"dates": "year_first"}, "dates is day_first"),
        ({"dates": {}}, "dates is day_first"),
    ],
)
def test_unusable_mapping_says_why(plain: Any, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        mapping_of(plain)
    assert refused.value.code == "bad_mapping" and said in refused.value.detail
    with pytest.raises(BadInput):
        mapping_from_json(json.dumps(plain))


@pytest.mark.parametrize("text", ["", "{", "[" * 10_000, '"' + "x" * 30_000 + '"', b"\xff", "NaN"])
def test_unreadable_mapping_is_refused(text: str | bytes) -> None:
    with pytest.raises(BadInput) as refused:
        mapping_from_json(text)
    assert refused.value.code == "bad_mapping"


def test_mapping_that_does_not_fit_names_the_columns_there_are() -> None:
    with pytest.raises(Unmapped) as refused:
        people_file.read(ENGLISH, None, mapping({"number": "Personnel No", "name": "Full name"}))
    assert refused.value.code == "mapping_does_not_fit"
    assert "'Full name'" in refused.value.detail and "Personnel No, First name" in refused.value.detail


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04\x14\x00rest", "a workbook (Excel, LibreOffice or Numbers), not a CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook"),
        (b"\xef\xbb\xbf\r\n<html><table><tr><td>number", "a web page or XML"),
        (b"%PDF-1.7", "a PDF"),
    ],
)
def test_other_files_are_refused_with_how_to_save_a_csv(data: bytes, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        people_file.read(data)
    assert refused.value.code == "not_csv"
    assert said in refused.value.detail and "CSV UTF-8" in refused.value.detail


TITLES = st.lists(st.text(max_size=6), min_size=2, max_size=8)


@given(TITLES)
def test_titles_are_unique_and_find_their_column(cells: list[str]) -> None:
    header = Header(1, tuple(cells))
    assert len({title.casefold() for title in header.titles}) == len(cells)
    for at, title in enumerate(header.titles):
        other = header.titles[at - 1]
        layout = layout_of(header, ColumnMapping({"number": (title,), "name": (other,)}))
        assert (layout.places["number"], layout.places["name"]) == ((at,), ((at - 1) % len(cells),))


@given(TITLES, TITLES)
def test_fingerprint_is_that_of_the_titles_in_their_order(one: list[str], other: list[str]) -> None:
    first, second = Header(1, tuple(one)), Header(9, tuple(other))
    same = [title.casefold() for title in first.titles] == [title.casefold() for title in second.titles]
    assert (first.fingerprint() == second.fingerprint()) == same
    assert Header(3, tuple(cell.upper() for cell in ("ab", "c"))).fingerprint() == Header(1, ("AB", "C")).fingerprint()


@given(st.data())
def test_mapping_survives_its_plain_form(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(COLUMNS[2:]), unique=True))
    said = ColumnMapping(
        {name: (f"of {name}",) for name in COLUMNS if name in (*COLUMNS[:2], *names)},
        data.draw(st.sampled_from([None, *DateOrder])),
    )
    assert mapping_from_json(json.dumps(said.plain())) == said
