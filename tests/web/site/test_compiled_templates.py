"""Compiled templates are kept where they can be, and used only for the text and the Jinja that made them."""

from pathlib import Path

import jinja2
import pytest

from app.web.console import render


def shown(text: str) -> str:
    """A template of this text, by an environment of its own, as a new process has one."""
    loader = jinja2.DictLoader({"page.html": text})
    with_cache = jinja2.Environment(loader=loader, bytecode_cache=render.CompiledTemplates(), autoescape=True)
    return with_cache.get_template("page.html").render(who="<Ada>")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(render, "HERE", tmp_path)
    return tmp_path / "__pycache__"


def test_a_template_is_compiled_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown("Hello {{ who }}") == "Hello &lt;Ada&gt;"
    (kept,) = folder.iterdir()
    monkeypatch.setattr(jinja2.Environment, "_compile", lambda *_: pytest.fail("compiled again"))
    assert shown("Hello {{ who }}") == "Hello &lt;Ada&gt;"
    assert list(folder.iterdir()) == [kept]


def test_another_text_or_another_jinja_or_a_damaged_file_is_compiled_anew(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown("Hello {{ who }}")
    assert shown("Bye {{ who }}") == "Bye &lt;Ada&gt;"
    monkeypatch.setattr(jinja2, "__version__", "99")
    shown("Bye {{ who }}")
    first, second = folder.iterdir()
    for file in (first, second):
        file.write_bytes(file.read_bytes()[:40])
    assert shown("Bye {{ who }}") == "Bye &lt;Ada&gt;"


def test_pages_are_shown_where_nothing_can_be_kept(folder: Path) -> None:
    folder.write_text("a file where the folder would be")
    assert shown("Hello {{ who }}") == "Hello &lt;Ada&gt;"
