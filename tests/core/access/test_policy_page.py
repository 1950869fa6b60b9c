"""The policy as a security officer reads it: a site's rules, and what is decided in situations people argue about."""

from pathlib import Path

from tests.core.access.policy_page import lines

PAGE = Path(__file__).with_name("policy.golden.md")


def test_policy_is_what_the_page_says() -> None:
    """A decision that changes is a change of the policy: read the difference, then write the page anew."""
    assert list(lines()) == PAGE.read_text(encoding="utf-8").splitlines()
