"""Which kept mappings name a person."""

import pytest

from app.core.imports.people_columns import mapping_of
from app.core.imports.remembered import names
from app.core.types import Employee

ADA = Employee("id", "E-1", "Ada King-Noël", card_number="4711")


@pytest.mark.parametrize(
    "title",
    ["Ada", "King, Ada", "King-Noel", "noël", "Ada (2)", "Ms. Ada King", "ada_king", "E-1", "e-1 (2)", "4711 (3)"],
)
def test_title_with_a_word_of_the_name_or_an_identifier_names_the_person(title: str) -> None:
    assert names(mapping_of({"columns": {"number": "No", "name": [title]}}), ADA)


@pytest.mark.parametrize("title", ["Name", "Adam", "Column", "Column (2)", "#", "E-10", "Badge 4711a"])
def test_other_titles_name_nobody(title: str) -> None:
    assert not names(mapping_of({"columns": {"number": "No", "name": [title]}}), ADA)
