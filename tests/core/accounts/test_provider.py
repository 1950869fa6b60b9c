"""Settings of an identity provider, and the roles that follow from what it says about a person."""

from dataclasses import replace
from typing import Any

import pytest

from app.core.accounts.provider import OVERAGE, NotConfirmed, Provider, check_issuer, shown
from app.core.errors import BadInput
from app.core.types import Role

ROLES = {"gate-admins": Role.ADMIN, "guards": Role.SECURITY}
PROVIDER = Provider("https://login.example.com/realm", "facegate", b"sealed", "groups", ROLES, "Example")


@pytest.mark.parametrize(
    ("claims", "roles"),
    [
        ({"groups": ["guards", "staff"]}, {Role.SECURITY}),
        ({"groups": ["guards", "gate-admins"]}, {Role.SECURITY, Role.ADMIN}),
        ({"groups": "guards"}, {Role.SECURITY}),
        ({"groups": ["Guards", 7, None]}, set()),
        ({"groups": []}, set()),
        ({}, set()),
    ],
)
def test_groups_give_roles(claims: dict[str, Any], roles: set[Role]) -> None:
    assert PROVIDER.roles_of(claims) == roles


@pytest.mark.parametrize(
    "claims",
    [
        {"realm_access": {"roles": ["guards"]}},
        {"realm_access.roles": ["guards"]},
        {"realm_access": "text", "realm_access.roles": ["guards"]},
    ],
)
def test_dots_lead_into_nested_claims_unless_the_name_itself_has_dots(claims: dict[str, Any]) -> None:
    assert replace(PROVIDER, claim="realm_access.roles").roles_of(claims) == {Role.SECURITY}


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({}, "neither the ID token nor userinfo has a claim groups"),
        ({"groups": []}, "the claim groups names no group"),
        ({"groups": ["staff", "sales\n"]}, "no role is set for any of these groups: staff, sales?"),
        ({"groups": [f"g{i}" for i in range(23)]}, "g19 and 3 more"),
        ({"_claim_names": {"groups": "src1"}}, "leaves the groups out"),
        ({"hasgroups": True}, "leaves the groups out"),
        ({"hasgroups": "true"}, "leaves the groups out"),
    ],
)
def test_refusal_says_what_is_missing(claims: dict[str, Any], reason: str) -> None:
    assert reason in PROVIDER.refusal(claims)


def test_too_many_groups_are_recognised_for_a_nested_claim_too() -> None:
    provider = replace(PROVIDER, claim="resource.groups")
    assert provider.refusal({"_claim_names": {"resource": "src1"}}) == OVERAGE


def test_text_of_a_provider_fits_one_line_of_the_log() -> None:
    assert shown("a\nb\x1b[31m", 60) == "a?b?[31m"
    assert shown("x" * 61, 60) == "x" * 60 + "…"


@pytest.mark.parametrize(
    "issuer",
    ["https://login.example.com", "https://login.example.com:8443/a/b", "http://localhost:9000", "http://[::1]"],
)
def test_https_or_this_machine_can_be_an_issuer(issuer: str) -> None:
    check_issuer(issuer)
    assert replace(PROVIDER, issuer=issuer).issuer == issuer


@pytest.mark.parametrize(
    "issuer",
    [
        "http://login.example.com",
        "ftp://login.example.com",
        "https://",
        "login.example.com",
        "https://login.example.com/?a=b",
        "https://login.example.com/#a",
        "https://user:secret@login.example.com",
        "https://login.example.com/" + "a" * 300,
        "http://localhost.example.com",
    ],
)
def test_issuer_that_could_be_impersonated_is_refused(issuer: str) -> None:
    with pytest.raises(BadInput) as refused:
        replace(PROVIDER, issuer=issuer)
    assert refused.value.code == "bad_issuer"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"client_id": ""}, "bad_client_id"),
        ({"client_id": "x" * 201}, "bad_client_id"),
        ({"label": "Example\u202e"}, "bad_label"),
        ({"claim": ""}, "bad_claim"),
        ({"claim": "two words"}, "bad_claim"),
        ({"roles": {}}, "bad_roles"),
        ({"roles": {"doors": Role.GATE}}, "bad_roles"),
    ],
)
def test_settings_that_cannot_work_are_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(BadInput) as refused:
        replace(PROVIDER, **change)
    assert refused.value.code == code


def test_failed_check_is_for_the_log_and_not_for_the_browser() -> None:
    failed = NotConfirmed("the nonce differs")
    assert failed.check == "the nonce differs"
    assert "nonce" not in failed.detail and failed.code == "provider_refused"
