"""A password that contains a separator of URLs would be read as host and port."""

import pytest

from app.core.cameras.url_login import is_ambiguous


@pytest.mark.parametrize("character", "/?#@[]\\")
def test_separator_in_the_password_is_ambiguous_and_its_escape_is_not(character: str) -> None:
    assert is_ambiguous(f"rtsp://admin:12{character}34@camera.example")
    assert not is_ambiguous(f"rtsp://admin:12%{ord(character):02X}34@camera.example/stream?a=b#c")


@pytest.mark.parametrize(
    "url",
    ["rtsp://camera.example/a/b?c=[1]", "rtsp://[2001:db8::1]:554/a", "rtsp://admin:secret@[2001:db8::1]/a", "file"],
)
def test_separators_elsewhere_are_fine(url: str) -> None:
    assert not is_ambiguous(url)
