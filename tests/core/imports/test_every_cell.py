"""A search reads every cell of a file as an import may still read it."""

import pytest

from app.core.errors import BadInput
from app.core.imports import people_encodings as encodings
from app.core.imports.every_cell import readings

# What each encoding can write.
NAMES = {
    "windows-1250": "Łukasz Żółć",
    "windows-1251": "Иван Петров",
    "windows-1252": "Jörg Müllerström",
    "windows-1253": "Γιώργος",
    "ibm850": "Jörg Müllerström",
    "macintosh": "Jörg Müllerström",
    "koi8-r": "Иван Петров",
    "shift-jis": "山田 太郎",
    "iso-2022-jp": "山田 太郎",
    "euc-kr": "김철수",
    "gbk": "王小明",
    "utf-8": "Jörg 山田",
    "utf-16-le": "Jörg 山田",
    "utf-16-be": "Иван Петров",
}


def texts(data: bytes, encoding: str | None = None) -> set[str]:
    return {one for row in readings(data, encoding) for one in row}


@pytest.mark.parametrize("encoding", NAMES)
def test_cells_are_read_in_every_encoding_that_a_person_may_name(encoding: str) -> None:
    data = f"Nr;Wer\r\nX-1;{NAMES[encoding]}\r\n".encode(encodings.CODECS[encoding])
    assert {"X-1", NAMES[encoding]} <= texts(data) & texts(data, encoding)


def test_wrongly_named_encoding_hides_nobody() -> None:
    assert "Jörg" in texts("Nr;Wer\nX-1;Jörg\n".encode(), "windows-1252")
    assert "Łukasz Żółć" in texts("Nr;Wer\nX-1;Łukasz Żółć\n".encode("cp1250"), "utf-8")


def test_cells_are_read_without_what_a_spreadsheet_puts_around_them() -> None:
    assert {"00123", "+49 1", "Ada"} <= texts(b'a;b;c\n"=""00123""";\'+49 1; Ada \n')


@pytest.mark.parametrize("data", [b'a;b\n"x"y;z\n', b"PK\x03\x04", b"%PDF-1.4", b'a;b\n"never closed\n'])
def test_what_is_no_csv_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        texts(data)
