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
    found = Needles({"ada": ADA}).scan(chunks(before + b"Ada Lovelace" + after, size))
    assert found["ada", Term.NAME] == 1


@given(st.binary(max_size=2000))
def test_what_is_found_is_what_a_plain_search_finds(data: bytes) -> None:
    data = data.replace(b"\x00", b"E-771")
    assert Needles({"ada": ADA}).scan(chunks(data, 100))["ada", Term.NUMBER] == data.count(b"E-771")


@pytest.mark.parametrize("written", ["ADA LOVELACE", "ada lovelace"])
def test_other_spellings_are_found(written: str) -> None:
    for encoding in ("utf-8", "utf-16-le"):
        data = ("x" + (written if encoding == "utf-8" else "Ada Lovelace") + "y").encode(encoding)
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
