"""Renders pages: the templates, the navigation for each role, and the context that every page gets."""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.bccache import Bucket
from starlette.routing import Match

from app.core.accounts.users import PERSON_ROLES
from app.core.errors import NotRecorded
from app.core.types import Role
from app.services.accounts.sessions import SignedIn, csrf_of
from app.web.console.mode_band import may_order, mode_band
from app.web.console.page_clock import PageClock
from app.web.console.words import ALERTS, DOORS, in_words, part_name
from app.web.finished import alert_detail
from app.web.language import markup
from app.web.language.catalog import (
    CATALOGS,
    ENGLISH,
    LANGUAGES,
    counted,
    decimals,
    figures,
    lowered,
    now,
    number,
    spoken,
    texts_of_scripts,
    translated,
)
from app.web.language.dates import day_words
from app.web.language.markup import TextInLanguage
from app.web.security import HARMLESS, cookie_name, prefix_of
from app.web.static_files import version_of
from app.wiring import System

HERE = Path(__file__).parent
STATIC = HERE / "static"
# What scripts say in each language but English, as a script: the policy of our pages allows no other form. Read when a
# browser first asks, so that no start waits for it.
MADE = {f"words.{language}.js": partial(texts_of_scripts, language) for language in LANGUAGES if language != ENGLISH}
STATIC_VERSION = version_of(STATIC, CATALOGS)


class CompiledTemplates(FileSystemBytecodeCache):
    """Keeps compiled templates where Python keeps compiled modules: compiling them all takes 0.8 s of a start.

    Code that another Jinja made, or other options in this file or in `markup`, is never run: both are in a file's name.
    """

    def __init__(self) -> None:
        ours = Path(__file__).read_bytes() + Path(markup.__file__).read_bytes()
        made_by = f"{jinja2.__version__}-{sha256(ours).hexdigest()[:12]}"
        super().__init__(str(HERE / "__pycache__"), f"%s.jinja-{made_by}.cache")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Finds nothing in a file that cannot be read."""
        try:
            super().load_bytecode(bucket)
        except Exception:
            # A file that a power cut left behind may make pickle raise anything. The template itself is whole.
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keeps nothing where the service may not write to its own folder."""
        with suppress(OSError):
            Path(self.directory).mkdir(exist_ok=True)
            super().dump_bytecode(bucket)


templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,  # a misspelt name in a template is an error, not an empty text
    extensions=[TextInLanguage],
    bytecode_cache=None if sys.dont_write_bytecode else CompiledTemplates(),
)
templates.globals.update(_=translated, counted=counted, lowered=lowered)
templates.globals.update(number=number, decimals=decimals, figures=figures)
templates.globals.update(in_words=in_words, part_name=part_name, alert_detail=alert_detail)
templates.globals["day_words"] = lambda day: day_words(day, now().language)


def browser(agent: str) -> str:
    """Returns a readable name for a User-Agent. The order matters: each browser claims to be the ones after it."""
    kinds = {"Edg/": "Edge", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
    systems = {"Android": "Android", "iPhone": "an iPhone", "iPad": "an iPad", "Windows": "Windows", "Mac OS": "a Mac"}
    kind = next((name for sign, name in kinds.items() if sign in agent), "A browser")
    system = next((name for sign, name in {**systems, "Linux": "Linux"}.items() if sign in agent), "")
    return f"{kind} on {system}" if system else kind


templates.filters["browser"] = browser


@dataclass(frozen=True)
class Link:
    """An entry of the navigation for people with one of these roles. icon: a name in ICONS of components.html.

    Pages of one section share an entry of the navigation and are tabs of each other. section: a key of SECTIONS.
    """

    path: str
    label: str
    icon: str
    roles: frozenset[Role] = PERSON_ROLES
    section: str = ""


CORRECTIONS = "/alerts/corrections"  # the page whose open corrections the navigation counts
MOST_COUNTED = 99

# Label and icon of the entry that leads to a section's first page.
SECTIONS = {
    "alerts": ("Alerts", "bell"),
    "people": ("People", "people"),
    "access": ("Access", "lock"),
    "gates": ("Gates", "door"),
    "settings": ("Settings", "gear"),
}
templates.globals["sections"] = SECTIONS
templates.globals["alert_words"] = {str(kind): words for kind, words in ALERTS.items()}
templates.globals["door_words"] = DOORS
templates.globals["languages"] = LANGUAGES


def navigation(pages: Iterable[Any]) -> tuple[Link, ...]:
    """Returns the LINKS of the page modules that define them, in order."""
    return tuple(link for page in pages for link in getattr(page, "LINKS", ()))


def entries(links: Sequence[Link]) -> list[Link]:
    """Returns the entries of the navigation: links without a section, and for each section its first link.

    Who may see a single page of a section, as guards of "People", finds it by its own name.
    """
    shown: dict[str, Link] = {}
    of_section = Counter(link.section for link in links)
    for link in links:
        section = SECTIONS.get(link.section) if of_section[link.section] > 1 else None
        label, icon = section or (link.label, link.icon)
        shown.setdefault(link.section or link.path, replace(link, label=label, icon=icon))
    return list(shown.values())


def report(template: str, system: System, **context: Any) -> str:
    """Renders a page that is saved as a file, in the language of the request, with times on the site's clock."""
    clock = PageClock(system.site_clock.read)
    return templates.get_template(template).render(language=spoken.get(), clock=clock, when=clock.when, **context)


def render(
    request: Request, template: str, person: SignedIn | None, status_code: int = 200, **context: Any
) -> HTMLResponse:
    """Renders the page for this person, or for a visitor who is not signed in if None.

    Templates get `person`, `user`, `csrf`, `clock`, its `when`, and the context. Every address in a template begins
    with `root`, because a proxy may serve the console below a path, and that of a script or style with `static`.
    """
    user = person.user if person else None
    links = [link for link in request.app.state.navigation if user and not link.roles.isdisjoint(user.roles)]
    here = max(
        (link for link in links if _within(request.url.path, link.path)), key=lambda link: len(link.path), default=None
    )
    system: System = request.app.state.system
    clock = PageClock(system.site_clock.read)
    page = templates.get_template(template).render(
        person=person,
        user=user,
        csrf=csrf_of(request.cookies.get(cookie_name(request), "")) if person else "",
        entries=entries(links),
        here=here,
        tabs=[link for link in links if here and here.section and link.section == here.section],
        request_path=request.url.path,
        page_address=address_of(request),
        language=spoken.get(),
        root=prefix_of(request),
        static=f"{prefix_of(request)}/static/{STATIC_VERSION}",
        clock=clock,
        when=clock.when,
        to_decide=cache(lambda: _to_decide(system) if user and Role.ADMIN in user.roles else ""),
        corrections_page=CORRECTIONS,
        mode_band=lambda: person and mode_band(system, person.principal),
        may_order=cache(lambda: may_order(system, person.principal) if person else []),
        **context,
    )
    return HTMLResponse(page, status_code)


def address_of(request: Request) -> str:
    """The page's path and query, or "/" for the answer to a form whose path shows no page by itself."""
    if request.method not in HARMLESS:
        asked = {**request.scope, "method": "GET"}
        if all(route.matches(asked)[0] is not Match.FULL for route in request.app.routes):
            return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _to_decide(system: System) -> str:
    """Returns how many corrections an admin has yet to decide; "" for none, or while the database is gone."""
    try:
        count = system.corrections.count_open(MOST_COUNTED + 1)
    except NotRecorded:
        return ""
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count or "")


def _within(path: str, of: str) -> bool:
    return path == of or (of != "/" and path.startswith(f"{of}/"))
