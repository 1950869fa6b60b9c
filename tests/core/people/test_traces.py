"""What is left of somebody is found wherever it lies in a file, and nothing else is."""

import base64
import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.people.traces import (
    EVERY_BYTES,
    Needles,
    Term,
    Traces,
    of_bytes,
    of_picture,
    of_text,
    searched_in_order,
    texts_in,
)

noise = random.Random(7)
ADA = Traces(searched_in_order([(Term.NAME, of_text("Ada Lovelace")), (Term.NUMBER, of_text("E-771"))]))


def chunks(data: bytes, size: int) -> Iterator[bytes]:
    yield from (data[start : start + size] for start in range(0, len(data), size))


@given(before=st.binary(max_size=40), after=st.binary(max_size=40), size=st.integers(1, 64))
def test_name_is_found_once_wherever_a_chunk_ends(before: bytes, after: bytes, size: int) -> None:
    hits = Needles({"ada": ADA}).hits(chunks(before + b"Ada Lovelace" + after, size))
    assert hits.anywhere["ada", Term.NAME] == 1
    at_once = Needles({"ada": ADA}).hits([before + b"Ada Lovelace" + after])
    assert hits == at_once, "whether a letter stands beside it is the same wherever a chunk ends"


@given(st.binary(max_size=2000))
def test_what_is_found_is_what_a_plain_search_finds(data: bytes) -> None:
    data = data.replace(b"\x00", b"E-771")
    assert Needles({"ada": ADA}).hits(chunks(data, 100)).anywhere["ada", Term.NUMBER] == data.count(b"E-771")


@pytest.mark.parametrize("beside", ["E-7710", "xE-771", "E-771é", "ÉE-771", "\\u00c9E-771", "\u041cE-771", "E-771٣"])
@pytest.mark.parametrize("size", [1, 7, 64])
def test_part_of_a_longer_word_is_no_trace(beside: str, size: int) -> None:
    hits = Needles({"ada": ADA}).hits(chunks(f"it says {beside} here".encode(), size))
    assert hits.anywhere["ada", Term.NUMBER] == 1 and not hits.alone["ada", Term.NUMBER]


@pytest.mark.parametrize(
    "data", [b"E-771", b'"E-771"', b"\\nE-771\\n", b"\\u2013E-771", b"E-771_2.jpg", b"a\xffE-771\xff"]
)
def test_text_between_other_signs_is_a_trace(data: bytes) -> None:
    assert Needles({"ada": ADA}).scan([data])["ada", Term.NUMBER] == 1


def test_neighbours_of_utf_16_are_read_as_utf_16() -> None:
    needles = Needles({"ada": ADA})
    assert needles.scan(["the E-771, E-771".encode("utf-16-le")])["ada", Term.NUMBER] == 2
    assert not needles.scan(["E-7710 and XE-771".encode("utf-16-le")])["ada", Term.NUMBER]


def test_name_in_a_script_without_spaces_is_found() -> None:
    yamada = Needles({"yamada": Traces(searched_in_order([(Term.NAME, of_text("山田太郎"))]))})
    assert yamada.scan(["担当は山田太郎です".encode()])["yamada", Term.NAME] == 1


def test_photo_is_found_whatever_stands_beside_it() -> None:
    photo = noise.randbytes(3000)
    needles = Needles({"ada": Traces(searched_in_order([(Term.PHOTO, of_picture(photo))]))})
    assert needles.scan([b"a" + photo + b"a"])["ada", Term.PHOTO]


@pytest.mark.parametrize("number", ["55726", "123456789", "c0ffee", "DEADBEEF"])
def test_number_that_hashes_have_by_chance_is_too_short(number: str) -> None:
    traces = Traces(searched_in_order([(Term.NUMBER, of_text(number))]), ((Term.NUMBER, number),))
    assert traces.pieces == () and traces.too_short == ["number"]
    assert of_text(number + "-1") and of_text("1234567890")


@pytest.mark.parametrize("written", ["ADA LOVELACE", "ada lovelace"])
def test_other_spellings_are_found(written: str) -> None:
    for encoding in ("utf-8", "utf-16-le"):
        data = ("(" + (written if encoding == "utf-8" else "Ada Lovelace") + ")").encode(encoding)
        assert Needles({"ada": ADA}).scan([data])["ada", Term.NAME]


def test_accents_are_found_as_json_and_without() -> None:
    eva = Needles({"eva": Traces(searched_in_order([(Term.NAME, of_text("Éva Sørensen"))]))})
    for data in ("Éva Sørensen".encode(), b"\\u00c9va S\\u00f8rensen", b"eva sorensen"):
        assert eva.scan([b"..." + data + b"..."])["eva", Term.NAME] == 1


def test_page_of_a_photo_is_found_also_as_base64() -> None:
    photo = noise.randbytes(60_000)
    needles = Needles({"ada": Traces(searched_in_order([(Term.PHOTO, of_picture(photo))]))})
    for start in range(2000, 50_000, 1777):
        page = photo[start : start + 2 * EVERY_BYTES]
        assert needles.scan([noise.randbytes(11) + page])["ada", Term.PHOTO], start
        assert needles.scan([b'{"photo": "' + base64.b64encode(page)])["ada", Term.PHOTO], start
    assert not needles.scan([noise.randbytes(1_000_000)])


def test_short_text_is_compared_as_a_whole_value_only() -> None:
    assert of_text("E-1") == set()
    bob = Needles({"bob": Traces(texts=((Term.NUMBER, "E-1"),), ids=frozenset({"01J"}))})
    assert not bob.scan([b"E-1 E-12"])
    assert bob.whole(["E-12", "E-1", "01J"]) == {("bob", Term.NUMBER): 1, ("bob", Term.LINK): 1}


def test_zeros_are_no_trace() -> None:
    assert of_bytes(bytes(4096)) == set()


def test_people_who_share_something_are_both_named() -> None:
    both = Needles({"ada": ADA, "other": ADA})
    assert both.scan([b"Ada Lovelace"]) == {("ada", Term.NAME): 1, ("other", Term.NAME): 1}


def test_nothing_is_searched_for_without_traces() -> None:
    assert not Needles({"ada": Traces()}).scan([noise.randbytes(5000)])


def test_texts_in_a_value() -> None:
    assert sorted(texts_in({"a": ["b", {"c": "d"}], "e": 1, "f": None})) == ["b", "d"]
