"""Names and roles of people who sign in."""

import pytest

from app.core.accounts.users import Principal, folded, person_roles, user_name
from app.core.errors import BadInput
from app.core.types import Role


def test_name_is_kept_without_surrounding_spaces() -> None:
    assert user_name("  Ada Lovelace ") == "Ada Lovelace"


@pytest.mark.parametrize("name", ["", "   ", "x" * 65, "ada\nlovelace"])
def test_name_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(BadInput) as refused:
        user_name(name)
    assert refused.value.code == "bad_name"


def test_names_that_differ_in_case_or_spaces_are_equal() -> None:
    assert folded(" ADA Straße ") == folded("ada strasse")


def test_people_can_have_only_roles_for_people() -> None:
    roles = frozenset({Role.ADMIN, Role.VIEWER})
    assert person_roles(roles) == roles
    for bad in ((), (Role.GATE,), (Role.ADMIN, Role.CAMERA)):
        with pytest.raises(BadInput) as refused:
            person_roles(frozenset(bad))
        assert refused.value.code == "bad_roles"


def test_one_matching_role_is_enough() -> None:
    guard = Principal("01U", "Ada", frozenset({Role.SECURITY}), None, "user")
    assert guard.may(Role.ADMIN, Role.SECURITY)
    assert not guard.may(Role.ADMIN)
    assert not guard.may()
