"""What an admin sets for the whole site."""

import pytest

from app.core.site.settings import CONSENT, SiteSettings


@pytest.mark.parametrize("text", ["", CONSENT])
def test_text_of_consent_that_is_ours_is_not_the_sites_own(text: str) -> None:
    assert SiteSettings(consent_text=text) == SiteSettings()
