"""Translates the text of templates as it stands, so that nobody has to mark it and nobody can forget to.

Before Jinja compiles a template, each run of text between two block elements or statements becomes one text of the
catalog, with its values and inline elements in place:

    <p>{{ name }} was <b>suspended</b>.</p>   ->   {name} was <1>suspended</1>.

So are the attributes in ATTRIBUTES. Text in an expression is marked: `{{ _("Yes") if passes else _("No") }}`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment
from jinja2.ext import Extension
from markupsafe import Markup, escape

from app.web.language.catalog import filled, now, shown_value

# Attributes that people read; the last three are read by scripts, which show them.
ATTRIBUTES = ("aria-label", "title", "placeholder", "alt", "data-title", "data-then", "data-orders")
INLINE = {"a", "b", "strong", "em", "i", "code", "kbd", "small"}  # elements inside a sentence
UNSPOKEN = {"script", "style", "pre"}  # elements whose text is not for people
SAME_EVERYWHERE = {"Facegate"}
TITLE_END = " · Facegate"

_TOKEN = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|<!--.*?-->|<[/!]?[a-zA-Z](?:\{\{.*?\}\}|\{%.*?%\}|\"(?:\{\{.*?\}\}|\{%.*?%\}|[^\"])*\"|'(?:\{\{.*?\}\}|\{%.*?%\}|[^'])*'|[^>\"'{])*>", re.S)  # fmt: skip  # noqa: E501
_ATTRIBUTE = re.compile(rf"(?<=\s)({'|'.join(ATTRIBUTES)})=\"((?:\{{\{{.*?\}}\}}|[^\"{{]|\{{(?![{{%]))*)\"", re.S)
_ATTRIBUTE_OF_A_MACRO = re.compile(r"[a-z-]+=\"")
_MACRO = re.compile(r"\{%-?\s*macro (\w+)\(")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_STRING = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
_SPACE = re.compile(r"\s+")
_MARK = re.compile(r"</?(\d+)>")


@dataclass(frozen=True)
class Token:
    """A piece of a template. kind: text, value, statement or tag. name: of a tag's element. ends: a closing tag."""

    kind: str
    source: str
    name: str = ""
    ends: bool = False


@dataclass(frozen=True)
class Run:
    """A text in a template. values: expressions by placeholder. tags: the inline elements' tags, open and close."""

    text: str
    values: dict[str, str]
    tags: list[tuple[str, str]]


def tokens(source: str) -> Iterator[Token]:
    """Splits a template."""
    at = 0
    for found in _TOKEN.finditer(source):
        if found.start() > at:
            yield Token("text", source[at : found.start()])
        piece, at = found[0], found.end()
        if piece.startswith("{{"):
            yield Token("value", piece)
        elif piece.startswith(("{%", "{#", "<!")):
            yield Token("statement", piece)
        else:
            name = re.match(r"</?([a-zA-Z0-9]+)", piece)
            yield Token("tag", piece, name[1].lower() if name else "", piece.startswith("</"))
    if at < len(source):
        yield Token("text", source[at:])


def translatable(source: str) -> tuple[str, list[str]]:
    """Returns the template with its text in calls that translate it, and the texts."""
    texts: list[str] = []
    macros = {"ui", "caller", *_MACRO.findall(source)}
    made: list[str] = []
    run: list[Token] = []
    silent = ""

    def end_run() -> None:
        made.append(_spoken(run, macros, texts))
        run.clear()

    for token in tokens(source):
        if silent:
            made.append(token.source)
            silent = "" if token.kind == "tag" and token.ends and token.name == silent else silent
            continue
        if token.kind in ("text", "value") or (token.kind == "tag" and token.name in INLINE):
            run.append(token)
            continue
        end_run()
        made.append(_with_attributes(token.source, texts) if token.kind == "tag" else token.source)
        if token.kind == "tag" and token.name in UNSPOKEN and not token.ends:
            silent = token.name
    end_run()
    return "".join(made), texts


def _with_attributes(tag: str, texts: list[str]) -> str:
    def replaced(found: re.Match[str]) -> str:
        return f'{found[1]}="{_spoken(list(tokens(found[2])), set(), texts)}"'

    return _ATTRIBUTE.sub(replaced, tag)


def _spoken(run: Sequence[Token], macros: set[str], texts: list[str]) -> str:
    """The source of a run, translated where it holds words."""
    if not any(token.kind == "text" and _LETTERS.search(token.source) for token in run):
        return "".join(_with_attributes(token.source, texts) if token.kind == "tag" else token.source for token in run)
    for at, token in enumerate(run):  # an element that begins or ends elsewhere ends the run
        if token.kind == "tag" and _partner(run, at) is None:
            tag = _with_attributes(token.source, texts)
            return _spoken(run[:at], macros, texts) + tag + _spoken(run[at + 1 :], macros, texts)
    first, last = run[0], run[-1]
    if _is_edge(first, macros):
        return first.source + _spoken(run[1:], macros, texts)
    if _is_edge(last, macros):
        return _spoken(run[:-1], macros, texts) + last.source
    if first.kind == "tag" and _partner(run, 0) == len(run) - 1:
        return _with_attributes(first.source, texts) + _spoken(run[1:-1], macros, texts) + last.source
    if parts := _apart(run):
        return "".join(_spoken(part, macros, texts) for part in parts)
    return _call(run, texts)


def _apart(run: Sequence[Token]) -> list[Sequence[Token]]:
    """The elements of a run and what is between them, if no words are: each is a text of its own."""
    parts, at = list[Sequence[Token]](), 0
    while at < len(run):
        end = _partner(run, at) if run[at].kind == "tag" else at
        if end == at and run[at].kind == "text" and _LETTERS.search(run[at].source):
            return []
        parts.append(run[at : (end or at) + 1])
        at = (end or at) + 1
    return parts if len(parts) > 1 else []


def _is_edge(token: Token, macros: set[str]) -> bool:
    if token.kind == "text":
        return not token.source.strip()
    return token.kind == "value" and re.match(r"\{\{-?\s*(\w*)", token.source)[1] in macros  # type: ignore[index]


def _partner(run: Sequence[Token], at: int) -> int | None:
    step = -1 if run[at].ends else 1
    depth, name, place = 0, run[at].name, at
    while 0 <= place < len(run):
        if run[place].kind == "tag" and run[place].name == name:
            depth += -step if run[place].ends else step
            if depth == 0:
                return place
        place += step
    return None


def _call(run: Sequence[Token], texts: list[str]) -> str:
    found = as_run(run)
    whole = "".join(token.source for token in run)
    before, after = whole[: len(whole) - len(whole.lstrip())], whole[len(whole.rstrip()) :]
    text, end = found.text, ""
    if text.endswith(TITLE_END):
        text, end = text.removesuffix(TITLE_END), TITLE_END
    words = _MARK.sub("", re.sub(r"\{\w+\}", "", text))
    if text in SAME_EVERYWHERE or _ATTRIBUTE_OF_A_MACRO.match(text) or not _LETTERS.search(words):
        return whole
    texts.append(text)
    opened = "".join(
        f"{{% set tag_{at}_ %}}{_with_attributes(tag, texts)}{{% endset %}}" for at, (tag, _) in enumerate(found.tags)
    )
    values = ", ".join(f'"{name}": ({source})' for name, source in found.values.items())
    tags = ", ".join(f'(tag_{at}_, "{close}")' for at, (_, close) in enumerate(found.tags))
    lines = "\n" * whole.strip().count("\n")  # so that an error names the right line
    return f"{before}{opened}{{{{ in_language({quoted(text)}, {{{values}}}, [{tags}]{lines}) }}}}{end}{after}"


def as_run(run: Sequence[Token]) -> Run:
    """Returns the text of a run, its values and its tags."""
    text, values, tags, open_tags = "", dict[str, str](), list[tuple[str, str]](), list[int]()
    for token in run:
        if token.kind == "text":
            text += token.source
        elif token.kind == "value":
            source = token.source[2:-2].strip("- \n")
            name = expression_name(source)
            while values.get(name, source) != source:
                name = f"{name.rstrip('0123456789')}{len(values) + 1}"
            values[name] = source
            text += f"{{{name}}}"
        elif token.ends:
            text += f"</{open_tags.pop()}>"
        else:
            tags.append((token.source, f"</{token.name}>"))
            open_tags.append(len(tags))
            text += f"<{len(tags)}>"
    return Run(_SPACE.sub(" ", text).strip(), values, tags)


def expression_name(expression: str) -> str:
    """A word for an expression: its last name, `when` for a time."""
    if re.search(r"[\"']\)? if ", expression):
        return "words"
    bare = _STRING.sub("", expression).split("|")[0].strip()
    if called := re.match(r"(?:number|decimals|figures|_)\((.*)", bare):
        bare = called[1].split(",")[0]
    elif called := re.match(r"([\w.]+)\(", bare):
        bare = called[1]
    words = re.findall(r"[A-Za-z_]\w*", bare.split("[")[0].split(" if ")[0])
    return words[-1].strip("_").lower() or "value" if words else "value"


def quoted(text: str) -> str:
    """The text as a string of Jinja's."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def in_language(text: str, values: Mapping[str, Any], tags: Sequence[tuple[str, str]]) -> Markup:
    """Returns a run of a template in the language of the request. Its text is ours; its values are escaped."""
    said = now().pattern(text)
    if values:
        said = filled(said, {name: escape(shown_value(name, one)) for name, one in values.items()})
    if tags:
        # No value holds "<", so what looks like a mark is one.
        def tag(found: re.Match[str]) -> str:
            return str(tags[int(found[1]) - 1][found[0].startswith("</")])

        said = _MARK.sub(tag, said)
    return Markup(said)  # noqa: S704


class TextInLanguage(Extension):
    """Jinja's way in. `in_language` and `_` are globals, so that imported macros have them too."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.globals["in_language"] = in_language

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return translatable(source)[0]
