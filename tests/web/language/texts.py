"""Finds every text that a page may show: in templates, in scripts and in the sentences that Python makes."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.web.language.markup import ATTRIBUTES, expression_name, tokens, translatable

ROOT = Path(__file__).parents[3]
TEMPLATES = ROOT / "app/web/console/templates"
SCRIPTS = ROOT / "app/web/console/static"

# Pages of the HTTP contract, which is English.
ENGLISH_TEMPLATES = {"site/contract.html"}

# Where Python makes sentences that reach a page. What only programs, the command line or the log get to read stays
# English and is not listed.
SENTENCES = (
    "app/core/alerts/*.py", "app/services/alerts/outward/*.py", "app/adapters/receivers/*.py", "app/adapters/mail/*.py",
    "app/core/access/*.py", "app/core/accounts/*.py", "app/core/cameras/*.py", "app/core/errors.py",
    "app/core/media.py", "app/core/text.py", "app/core/events/time_range.py", "app/core/events/chain.py",
    "app/core/gates/*.py", "app/core/imports/*.py", "app/core/people/*.py", "app/core/site/*.py",
    "app/core/credentials/*.py", "app/services/*/*.py", "app/services/access/rules/*.py",
    "app/services/access/credentials/*.py", "app/services/access/visits/*.py",
    "app/adapters/cameras/*.py", "app/adapters/gates/**/*.py", "app/adapters/icalendar/*.py", "app/adapters/net/*.py",
    "app/adapters/oidc/*.py", "app/adapters/uploads/*.py", "app/adapters/vision/photos/*.py",
    "app/settings.py", "app/web/console/**/*.py", "app/web/errors.py", "app/web/finished.py", "app/web/health.py",
    "app/web/long_work.py", "app/web/row_problems.py", "app/web/security.py", "app/web/camera_views.py",
    "app/wiring/findings.py", "app/wiring/packs.py", "app/wiring/backups.py",
)  # fmt: skip
NOT_SHOWN = {
    "app/core/access/rules_file.py", "app/core/access/file_values.py", "app/core/access/policy.py",
    "app/core/access/file_times.py", "app/core/imports/people_guess.py", "app/core/accounts/saved_views.py",
    "app/services/recognition/recognition.py", "app/services/people/gallery.py", "app/web/console/site/contract.py",
    "app/services/events/second_records.py",
    "app/adapters/vision/photos/jpeg.py",
}  # fmt: skip
# In the tables of these modules even one word is shown.
TABLES = (
    "app/web/console/", "app/core/site/setting_facts.py", "app/adapters/gates/forms/", "app/adapters/gates/hardware.py",
    "app/adapters/gates/config.py",
)  # fmt: skip
# And in these a word in small letters.
WORDS = {
    "app/web/console/words.py", "app/web/console/alerts/words.py", "app/web/console/visits/words.py",
    "app/web/console/people/standing.py",
}  # fmt: skip
# And in these tables of other modules.
WORD_TABLES = {"VALUES", "USERS", "WORDS", "FILES"}
_FORM = re.compile(r"[<>]|%s|charset|filename|max-age| \| |\|\w|^\W*$|\\[a-z]|^[a-z_]+$")
# What looks like text and is none: protocols' words, names of classes and products, lists of names.
_NO_TEXT = {
    "GET", "POST", "ON", "OFF", "PRESS", "Online", "Offline", "TLS", "Value error,", "openid profile email groups",
    "multipart/x-mixed-replace, image/jpeg", "Edge", "Firefox", "Chrome", "Safari", "Android", "Linux", "Windows",
    "Tasmota", "ESPHome", "Home Assistant", "Shelly Plus, Pro, Gen3, Gen4", "Need user=",
    "PulseTime{channel} 0; Power{channel}", "PulseTime{channel} {pulse}; Power{channel} On", "Power{channel} Off",
    "tidying imports", "running imports", "giving up import {id}", "destroying upload {import_id}",
    "destroying reports of import {id}", "bad", "warn", "good", "info", "globalThis.words = {dumps};",
    "{type} in {name}, line {lineno}", "a config without a driver",
}  # fmt: skip
_LISTS_WITHOUT_TEXT = {"WEEKDAYS", "MONTHS", "SHOWN", "_MONTHS", "_NAMES"}
_WORDS = re.compile(r"[^\W\d_]{2,}")
_CALLS_WITHOUT_TEXT = re.compile(r"(^|\.)(logger|log)\.|re\.compile|^Query$|^Header$|Literal|getattr|strftime")
_KEYWORDS_WITHOUT_TEXT = {"alias", "description", "summary", "responses", "media_type", "section", "pattern"}


@dataclass(frozen=True)
class Text:
    """A text and where it is. many: its form for other counts than one."""

    english: str
    place: str
    many: str = ""


def all_texts() -> list[Text]:
    """Every text, in the order of the files."""
    return [*of_templates(), *of_scripts(), *of_python()]


def of_templates() -> Iterator[Text]:
    for file in sorted(TEMPLATES.rglob("*.html")):
        if file.relative_to(TEMPLATES).as_posix() in ENGLISH_TEMPLATES:
            continue
        place, source = file.relative_to(ROOT).as_posix(), file.read_text()
        yield from (Text(text, place) for text in translatable(source)[1])
        yield from _calls(source, place, "_", "counted")


_STRING = r'"((?:[^"\\]|\\.)*)"'


def _calls(source: str, place: str, one: str, many: str, count_first: bool = False) -> Iterator[Text]:
    """The texts in `_("…")` and `counted("…", "…", n)`."""
    for found in re.finditer(rf"(?<![\w.$]){one}\({_STRING}", source):
        yield Text(_unquoted(found[1]), place)
    first = r"(?:[^()\"]|\([^()]*\))+?,\s*" if count_first else ""
    for found in re.finditer(rf"(?<![\w.$]){many}\({first}{_STRING},\s*{_STRING}", source):
        yield Text(_unquoted(found[1]), place, _unquoted(found[2]))


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def of_scripts() -> Iterator[Text]:
    for file in sorted(SCRIPTS.rglob("*.js")):
        place, source = file.relative_to(ROOT).as_posix(), file.read_text()
        if file.name == "words.js":
            continue
        yield from _calls(source, place, "_", "counted", count_first=True)
        for begin in re.finditer(r"(?<![\w.$])_`", source):
            yield Text(template_literal(source, begin.end()), place)


def template_literal(source: str, at: int) -> str:
    """The text of a template literal that begins there, with {0}, {1} in the place of its values."""
    text, count = "", 0
    while source[at] != "`":
        if source.startswith("${", at):
            at = _end_of_value(source, at + 2) + 1
            text, count = f"{text}{{{count}}}", count + 1
            continue
        text, at = text + source[at], at + 1
    return text


def _end_of_value(source: str, at: int) -> int:
    depth = 0
    while source[at] != "}" or depth:
        if source[at] == "`":
            at += 1
            while source[at] != "`":
                at = _end_of_value(source, at + 2) if source.startswith("${", at) else at
                at += 1
        elif source[at] in "\"'":
            at = source.index(source[at], at + 1)
        depth += {"{": 1, "}": -1}.get(source[at], 0)
        at += 1
    return at


def of_python() -> Iterator[Text]:
    files = sorted({file for pattern in SENTENCES for file in ROOT.glob(pattern)})
    for file in files:
        place = file.relative_to(ROOT).as_posix()
        if place not in NOT_SHOWN:
            collector = _Sentences(place)
            collector.visit(ast.parse(file.read_text()))
            yield from collector.found


class _Sentences(ast.NodeVisitor):
    """Collects the sentences of a module: no docstring, annotation or log line, and no word by itself but in tables."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.found: list[Text] = []
        self._is_table = place.startswith(TABLES)
        self._are_words = place in WORDS

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self._assigned(node.target, node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        target = node.targets[0]
        if not (isinstance(target, ast.Name) and target.id in _LISTS_WITHOUT_TEXT):
            self._assigned(target, node.value)

    def _assigned(self, target: ast.expr, value: ast.expr) -> None:
        before = self._are_words
        self._are_words |= isinstance(target, ast.Name) and target.id in WORD_TABLES
        self.visit(value)
        self._are_words = before

    def visit_arg(self, _: ast.arg) -> None: ...

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not isinstance(node.slice, ast.Constant):
            self.generic_visit(node)

    def visit_Compare(self, _: ast.Compare) -> None: ...

    def visit_Dict(self, node: ast.Dict) -> None:
        for value in node.values:
            self.visit(value)

    def visit_Call(self, node: ast.Call) -> None:
        called = ast.unparse(node.func)
        if _CALLS_WITHOUT_TEXT.search(called):
            return
        if called.endswith((".get", ".startswith", ".split", ".replace")):  # the first argument is a key
            for part in (node.func, *node.args[1:]):
                self.visit(part)
            return
        if called in ("_", "translated") and isinstance(node.args[0], ast.Constant):
            self.found.append(Text(str(node.args[0].value), self.place))
        if called in ("counted", "_counted") and isinstance(node.args[0], ast.Constant):
            one, many = (str(arg.value) for arg in node.args[:2] if isinstance(arg, ast.Constant))
            self.found.append(Text(one, self.place, many))
            return
        for part in (node.func, *node.args, *(k.value for k in node.keywords if _may_hold_text(called, k.arg))):
            self.visit(part)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        text, values = "", dict[str, str]()
        for part in node.values:
            if isinstance(part, ast.Constant):
                text += str(part.value)
            elif isinstance(part, ast.FormattedValue):
                source = ast.unparse(part.value)
                name = expression_name(source)
                while values.get(name, source) != source:
                    name = f"{name.rstrip('0123456789')}{len(values) + 1}"
                values[name] = source
                text += f"{{{name}}}"
                self.visit(part.value)
        self._keep(text)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._keep(node.value)

    def _keep(self, text: str) -> None:
        text = text.strip()
        bare = re.sub(r"\{\w*\}", "", text)
        words = _WORDS.findall(bare)
        if text in _NO_TEXT or "\n" in text:
            return
        if self._are_words and re.fullmatch(r"[A-Za-z]+|an? [A-Za-z' 0-9{}]+", text):
            self.found.append(Text(text, self.place))
            return
        if _FORM.search(bare):
            return
        is_word = self._is_table and re.fullmatch(r"[A-Z][a-z]+(-[a-z]+)*|[A-Z]{4,}", bare)
        if is_word or (len(words) > 1 and " " in text):
            self.found.append(Text(text, self.place))


def _may_hold_text(called: str, keyword: str | None) -> bool:
    return keyword not in _KEYWORDS_WITHOUT_TEXT or (called == "Field" and keyword == "description")


def unmarked(source: str) -> Iterator[str]:
    """The texts in expressions of a template that are not in `_("…")`."""
    for token in tokens(source):
        if token.kind == "tag":
            values = iter(
                [v.source for _, text in attribute_values(token.source) for v in tokens(text) if v.kind == "value"]
            )
        else:
            values = iter([token.source] if token.kind == "value" else [])
        for expression in values:
            marked = re.sub(rf"(?:_|counted|decimals)\({_STRING}(?:, {_STRING})?", "", expression)
            for found in re.finditer(_STRING, marked):
                if re.search(r"[A-Za-z]{2} [A-Za-z]|^[A-Z][a-z]", found[1]):
                    yield found[1]


def attribute_values(tag: str) -> Iterator[tuple[str, str]]:
    for name in ATTRIBUTES:
        yield from ((name, found[1]) for found in re.finditer(rf'\s{name}="([^"]*)"', tag))
