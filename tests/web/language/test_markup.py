"""Text in templates is translated as it stands."""

from collections.abc import Iterator
from traceback import extract_tb

import pytest
from jinja2 import Environment, StrictUndefined, UndefinedError

from app.web.language.catalog import ENGLISH, spoken, translated
from app.web.language.markup import TextInLanguage, translatable


@pytest.fixture(params=[ENGLISH, "de"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    before = spoken.set(request.param)
    yield request.param
    spoken.reset(before)


def shown(source: str, **values: object) -> str:
    environment = Environment(autoescape=True, undefined=StrictUndefined, extensions=[TextInLanguage])
    environment.globals["_"] = translated
    return environment.from_string(source).render(**values)


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("<p>Save</p>", ["Save"]),
        ("<p>\n  Two\n  lines.\n</p>", ["Two lines."]),
        ("<p>{{ one.name }} was <b>away</b>.</p>", ["{name} was <1>away</1>."]),
        ("<p>{{ a.name }} and {{ b.name }} left</p>", ["{name} and {name2} left"]),
        ("<p><b>All of it</b></p>", ["All of it"]),
        ("<p><a href='x'>One thing</a> <a href='y'>Another</a></p>", ["One thing", "Another"]),
        ("<p>Yes{% if x %}, maybe{% endif %}</p>", ["Yes", ", maybe"]),
        ('<input placeholder="A name" name="Name" value="Value">', ["A name"]),
        ('<b title="Call {{ name }} now"></b>', ["Call {name} now"]),
        ("<p>{{ ui.icon('x') }}Lock</p>", ["Lock"]),
        ("<title>{% block title %}Live · Facegate{% endblock %}</title>", ["Live"]),
        ("<p>{{ name }}</p><p> · {{ 5 }} %</p><script>var Text;</script>", []),
        ("{# No text #}<p class=\"{{ 'Works now' if x }}\"></p>", []),
    ],
)
def test_texts_of_a_template(source: str, texts: list[str]) -> None:
    assert translatable(source)[1] == texts


def test_english_pages_stay_as_they_are_written() -> None:
    source = '<p class="a">From <b id="x">{{ a }}</b> to {{ b }}, <a href="{{ c }}">all</a>.</p>'

    assert shown(source, a="1", b="<2>", c="x?a&b") == (
        '<p class="a">From <b id="x">1</b> to &lt;2&gt;, <a href="x?a&amp;b">all</a>.</p>'
    )


def test_values_and_elements_keep_their_place_in_a_translation(language: str) -> None:
    said = shown('<p>This was <strong class="{{ kind }}">{{ name }}</strong></p>', kind="big", name="<Ada> {name} <1>")

    begin = "Das war" if language == "de" else "This was"
    assert said == f'<p>{begin} <strong class="big">&lt;Ada&gt; {{name}} &lt;1&gt;</strong></p>'


def test_marked_expressions_and_attributes_are_translated(language: str) -> None:
    said = shown('<b title="Lock {{ gate }}">{{ _("Yes") if x else _("No") }}</b>', gate='"dock"', x=True)

    begin, yes = ("&#34;dock&#34; verriegeln", "Ja") if language == "de" else ("Lock &#34;dock&#34;", "Yes")
    assert said == f'<b title="{begin}">{yes}</b>'


def test_an_error_names_the_line_of_the_template() -> None:
    with pytest.raises(UndefinedError) as caught:
        shown("<p>One\n  two {{ here }}\n</p>\n<p>{{ missing.name }}</p>", here=1)

    lines = [
        entry.lineno for entry in extract_tb(caught.value.__traceback__) if entry.name == "top-level template code"
    ]
    assert lines == [4]
