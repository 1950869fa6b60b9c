"""Files as spreadsheets really save them: read if they are unambiguous, else refused with the line and the cure."""

import csv
import io

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.core.errors import BadInput, TooLarge
from app.core.imports import people_file
from app.core.imports.people_cells import split
from app.core.imports.people_encodings import CODECS


def names(data: bytes, encoding: str | None = None) -> list[tuple[str, str]]:
    file = people_file.read(data, encoding)
    assert not any(row.problems for row in file.rows), file.rows
    return [(row.number, row.details(None).name) for row in file.rows]


ADA_AND_BOB = [("E-1", "Ada Lovelace"), ("E-2", "Bob")]
TABLE = "number,name\nE-1,Ada Lovelace\nE-2,Bob\n"


@pytest.mark.parametrize(
    "text",
    [
        TABLE.replace("\n", "\r"),
        TABLE.replace("\n", "\r\r\n"),
        "\ufeff\ufeff" + TABLE,
        "sep=;\r\n" + TABLE.replace(",", ";").replace("\n", "\r\n"),
        '"sep=;"\n' + TABLE.replace(",", ";"),
        "SEP=\t\n" + TABLE.replace(",", "\t"),
        "\ufeffsep=,\n" + TABLE,
        TABLE.replace(",", "|"),
        "Staff list 2026,\n" + TABLE,
        '"Staff, of all sites; 2026"\n\n;;\n' + TABLE.replace(",", ";"),
        TABLE.replace("\n", ",\n"),
        TABLE.replace("\n", ",,,\n"),
        TABLE.replace("number,name", "\u00a0\uff2e\uff55\uff4d\uff42\uff45\uff52 , NAME\u00a0"),
        "name,#note,number,\nAda Lovelace,x,E-1,\nBob,y,E-2\n",
        TABLE.replace("E-1", '"=""E-1"""').replace("E-2", '="E-2"'),
        TABLE.replace("Bob", "Bob\u00a0"),
        TABLE.rstrip("\n"),
    ],
)
def test_table_is_read_however_it_was_saved(text: str) -> None:
    assert names(text.encode()) == ADA_AND_BOB


@pytest.mark.parametrize("code", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff", "\ufeff\ufeff"])
def test_utf_16_is_read_with_and_without_its_mark(code: str, mark: str) -> None:
    data = (mark + TABLE.replace("Bob", "Łukasz 王")).encode(code)
    assert names(data) == [("E-1", "Ada Lovelace"), ("E-2", "Łukasz 王")]


def test_short_rows_are_read_and_reported() -> None:
    file = people_file.read(b"number,name,email,card_number\r\nE-1,Ada,a@example.org,1\r\nE-2,Bob\r\n")
    assert [row.details(None).card_number for row in file.rows] == ["1", None]
    assert file.notices == ("1 row has fewer cells than the header, such as line 3; missing cells were read as empty.",)


def test_truncated_file_is_not_read_as_a_short_row() -> None:
    first, second = people_file.read(b"number,name,email\nE-1,Ada,a@example.org\nE-2,Bo").rows
    assert not first.problems
    assert [(p.code, "cut off" in p.detail) for p in second.problems] == [("wrong_cell_count", True)]


def test_cell_in_an_unnamed_column_is_reported() -> None:
    (row,) = people_file.read(b"number,name,\nE-1,Ada,2026-12-31\n").rows
    assert [p.code for p in row.problems] == ["unnamed_column"] and row.line == 2


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    rows = people_file.read(b'sep=,\nTitle\nnumber,name\nE-1,"Ada\nLovelace"\n\nE-2\nE-3,Cay\n').rows
    assert [(row.line, row.number) for row in rows] == [(4, "E-1"), (7, "E-2"), (8, "E-3")]


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ('number,name\nE-1,Ada\nE-2,"Bob\nE-3,Cay\n', "bad_csv", "Line 3 of the CSV cannot be read: a quote is not"),
        ('number,name\nE-1,"A"da\n', "bad_csv", "Line 2"),
        ("Staff\n\nnumber,nmae\nE-1,Ada\n", "unknown_column", "'nmae' in line 3"),
        ("sep=:\nnumber:name\n", "bad_delimiter", "Line 1"),
        ("E-1,Ada\nE-2,Bob\n", "unknown_column", "'E-1' in line 1"),
    ],
)
def test_refusal_names_the_line(text: str, code: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        people_file.read(text.encode())
    assert refused.value.code == code and said in refused.value.detail


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ("1.00E+05,Ada", "shortened_by_spreadsheet"),
        ('"1,23E+15",Ada', "shortened_by_spreadsheet"),
        ("E-1,J\ufffdrgen", "garbled_text"),
        ('"=""=1+1""",Ada', "formula_injection"),
        ("number,name", "repeated_header"),
    ],
)
def test_cell_damaged_by_a_spreadsheet_is_refused(cells: str, code: str) -> None:
    (row,) = people_file.read(f"number,name\n{cells}\n".encode()).rows
    assert [p.code for p in row.problems] == [code]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("J\u00c3\u00bcrgen", "Line 3: 'J\u00c3\u00bcrgen' looks like 'Jürgen' saved wrongly"),
        ("?ukasz", "Line 3: '?ukasz' has a ?"),
    ],
)
def test_names_garbled_by_an_earlier_save_are_reported(name: str, said: str) -> None:
    file = people_file.read(f"number,name\nE-1,Zoë Müller\nE-2,{name}\n".encode())
    assert [notice[: len(said)] for notice in file.notices] == [said]


@pytest.mark.parametrize(
    ("code", "name", "encoding"),
    [
        ("cp1252", "Jürgen Strauß", "windows-1252"),
        ("cp1250", "Łukasz Żak", "windows-1250"),
        ("cp1251", "Юлия Орлова", "windows-1251"),
        ("shift-jis", "山田太郎", "shift-jis"),
        ("gbk", "王小明", "gbk"),
    ],
)
def test_encoding_is_asked_for_and_never_guessed(code: str, name: str, encoding: str) -> None:
    data = f"number,name\nE-1,Ada\nE-2,{name}\n".encode(code)
    with pytest.raises(BadInput) as refused:
        people_file.read(data)
    assert refused.value.code == "encoding_required" and "(line 3)" in refused.value.detail
    assert name in refused.value.detail and encoding in refused.value.detail, refused.value.detail
    file = people_file.read(data, encoding)
    assert [row.details(None).name for row in file.rows] == ["Ada", name]
    assert file.notices == (f"Read as {encoding}: {name}. Are these names right?",)


def test_error_shows_names_as_each_encoding_reads_them() -> None:
    with pytest.raises(BadInput) as refused:
        people_file.read("number,name\nE-1,Müller\nE-2,Dvořák\n".encode("cp1250"))
    assert "windows-1250 reads 'Dvořák'" in refused.value.detail
    assert "windows-1252 or windows-1254 or windows-1258 reads 'Dvoøák'" in refused.value.detail


@pytest.mark.parametrize(
    ("data", "encoding", "code"),
    [
        (TABLE.replace("Bob", "Jürgen").encode(), "windows-1252", "wrong_encoding"),
        (TABLE.encode("utf-8-sig"), "gbk", "wrong_encoding"),
        (TABLE.encode("utf-16"), "windows-1250", "wrong_encoding"),
        (TABLE.encode("utf-16-le"), "utf-8", "wrong_encoding"),
        (TABLE.replace("Bob", "Jürgen").encode("cp1252"), "utf-8", "bad_encoding"),
        (TABLE.replace("Bob", "Jürgen").encode("cp1252"), "shift-jis", "bad_encoding"),
        (TABLE.encode(), "rot13", "unknown_encoding"),
        (TABLE.encode(), "../x\x00", "unknown_encoding"),
    ],
)
def test_encoding_that_the_file_contradicts_is_refused(data: bytes, encoding: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        people_file.read(data, encoding)
    assert refused.value.code == code


@pytest.mark.parametrize("alias", ["cp1250", "CP1250", "windows_1250", "latin1", "Shift_JIS", "sjis", "gb2312", "UTF8"])
def test_encoding_has_many_names(alias: str) -> None:
    assert names(TABLE.encode(), alias) == ADA_AND_BOB


def test_windows_path_keeps_its_backslashes() -> None:
    assert split(r"pics\ada.jpg|a\\b|c\|d|\\server\x") == (r"pics\ada.jpg", r"a\b", "c|d", r"\server\x")
    assert split("\\") == ("\\",)


def test_cell_with_too_many_values_is_refused() -> None:
    (row,) = people_file.read(f"number,name,photos\nE-1,Ada,{'|a' * 300}\n".encode()).rows
    assert [p.code for p in row.problems] == ["too_many_values"]


def test_line_that_is_too_long_is_refused() -> None:
    with pytest.raises(TooLarge) as refused:
        people_file.read(b"number,name\nE-1,Ada\n" + b"x" * 1_000_000)
    assert refused.value.code == "line_too_long" and "Line 3" in refused.value.detail


# A word of letters that the encodings have: what a name may be is tested elsewhere.
LETTERS = {
    "utf-8": "aé王😀ß\u0301;,|\"' \\",
    "utf-16-le": 'aé王😀,;"',
    "windows-1250": 'aŁżéř,;"\\',
    "gbk": 'a王明,;"\\',
}
LETTERS |= {"shift-jis": 'a表ソ山,;"', "windows-1252": "aéß\u20ac,;'", "koi8-r": "яЖa;,"}


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(st.data())
def test_everything_written_is_read_back(data: st.DataObject) -> None:
    encoding = data.draw(st.sampled_from(sorted(LETTERS)))
    # Blanks around a value are taken off, and a value that nobody sees is refused.
    word = st.text(LETTERS[encoding], min_size=1, max_size=12).map(lambda text: f"x{text}x")
    lines = st.sampled_from(["", "\n", "\r\n", "\ny\n"]) if data.draw(st.booleans()) else st.just("")
    table = data.draw(st.lists(st.tuples(word, word, st.builds("{0}{1}{0}".format, word, lines)), max_size=5))
    rows = [(f"{at}{number}", name, note) for at, (number, name, note) in enumerate(table)] or [("E", "x", "x")]
    out = io.StringIO()
    out.write(data.draw(st.sampled_from(["", "Staff\n", "\n\n"])))
    writer = csv.writer(
        out,
        delimiter=data.draw(st.sampled_from(",;\t|")),
        # Python's writer does not quote LF where lines end with CR.
        lineterminator=data.draw(st.sampled_from(["\n", "\r\n", "\r"])) if "\n" not in out.getvalue() else "\n",
        quoting=csv.QUOTE_ALL if any("\n" in row[2] for row in rows) else csv.QUOTE_MINIMAL,
    )
    writer.writerow(data.draw(st.sampled_from([("number", "name", "#x"), ("NUMBER", "Name", "# note")])))
    writer.writerows(rows)
    content = out.getvalue().encode(CODECS[encoding])
    # What reads as UTF-8 is UTF-8, whatever is said: a few words of other encodings do by chance.
    assume(encoding.startswith("utf") or content.isascii() or not _is_utf8(content))
    said = None if encoding.startswith("utf") else encoding
    file = people_file.read(content, said)
    assert [(row.number, row.sent["name"]) for row in file.rows] == [(number, name) for number, name, _ in rows]
    assert not any(row.problems for row in file.rows)


@given(
    st.lists(st.lists(st.text('ab,;"\\|\n\r\t =é\u00a0', max_size=6), max_size=6), max_size=8), st.sampled_from(",;\t")
)
def test_every_line_is_used_or_reported(table: list[list[str]], delimiter: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([["number", "name", "#a"], *table])
    kept = [row for row in table if any(cell.strip() for cell in row)]
    try:
        file = people_file.read(out.getvalue().encode())
    except BadInput as refused:
        assert refused.code == "empty_csv" and not kept
        return
    assert len(file.rows) == len(kept)
    for row, cells in zip(file.rows, kept, strict=True):
        assert row.problems or (row.number and row.sent["name"] and not any(cell.strip() for cell in cells[3:]))
