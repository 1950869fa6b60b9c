"""Chromium's pages: opened as somebody, photographed in both themes and two widths, and examined with axe-core."""

import os
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize

from app.settings import default_cache
from tests.console.service import Service
from tests.waiting import HANG_S

CHROMIUM = Path("/usr/bin/chromium")
AXE = "axe-core@4"
WIDE, NARROW = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
SERIOUS = {"serious", "critical"}
Tab = Callable[..., Page]
# By how much the page is wider than the window.
OVER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# What stands outside of the window or is cut at the edge of its box, where no box scrolls and no dots say so.
CUT = """() => [...document.querySelectorAll('main *')].filter((e) => {
  if (!e.checkVisibility() || e.closest('svg, .table-wrap, .tabs, .visually-hidden, input, select')) return false;
  const style = getComputedStyle(e);
  const cut = style.overflowX === 'hidden' && style.textOverflow === 'clip' && e.scrollWidth > e.clientWidth + 1;
  return cut || e.getBoundingClientRect().right > innerWidth + 1;
}).map((e) => e.outerHTML.slice(0, 120))"""

# What a thumb may miss: lower or narrower than 44 px. A box to tick counts with its label, and a link in a sentence
# may be as high as its line. Folds are opened first.
SMALL = """() => {
  for (const fold of document.querySelectorAll('details')) fold.open = true;
  const alone = (e) => getComputedStyle(e).display !== 'inline' ||
    ![...e.parentElement.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  return [...document.querySelectorAll('a[href], button, input, select, textarea, summary')].filter((e) => {
    if (!e.checkVisibility({visibilityProperty: true}) || e.matches('.skip')) return false;
    if (e.matches('a') && !alone(e)) return false;
    const label = e.matches('[type="checkbox"], [type="radio"]') && e.labels[0];
    const {width, height} = (label || e).getBoundingClientRect();
    return width > 2 && (height < 43.5 || width < 43.5 && !e.matches('a'));
  }).map((e) => e.outerHTML.slice(0, 120));
}"""


@dataclass
class Tabs:
    """What one test has open. errors: what the pages logged; a test that provokes one clears it."""

    site: Service
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, *roles: str, path: str | None = None, site: Service | None = None, **context: Any) -> Page:
        """A page of a browser of its own. path: where it goes at once. context: of Playwright's `new_context`."""
        where = site or self.site
        made = self.browser.new_context(**{"base_url": where.url, "viewport": WIDE, **context})
        made.set_default_timeout(1000 * HANG_S)
        self.contexts.append(made)
        if roles:
            cookie = where.session(where.user(*roles))
            made.add_cookies([{"name": "facegate", "value": cookie, "url": where.url, "httpOnly": True}])
        page = made.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._logged)
        if path is not None:
            page.goto(path)
        return page

    def close(self) -> None:
        for context in self.contexts:
            context.close()
        assert not self.errors, self.errors

    def _logged(self, message: ConsoleMessage) -> None:
        # A refusal that a page is told of is no error of the page.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(message.text)


@dataclass(frozen=True)
class Shots:
    """Checks that a page, wide and narrow, need not be moved sideways. folder: where four pictures of it go; None: none
    are taken, since they cost as much as many a test."""

    folder: Path | None

    def __call__(self, page: Page, name: str) -> None:
        before = page.viewport_size
        for size, window in (("wide", WIDE), ("narrow", NARROW)):
            page.set_viewport_size(window)
            if self.folder:
                self._take(page, self.folder, f"{name}-{size}")
            over = page.evaluate(OVER)
            assert over <= 0, f"{name} is {over} px wider than the {size} window"
        page.emulate_media(color_scheme="light")
        if before:
            page.set_viewport_size(before)

    @staticmethod
    def _take(page: Page, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]  # both are among its words
            page.screenshot(path=folder / f"{name}-{theme}.png", full_page=True)


def axe_source(folder: Path) -> str:
    """axe-core's code, from npm once, then from the cache. It is not ours to ship."""
    kept = default_cache() / "axe.min.js"
    if not kept.exists():
        subprocess.run(["npm", "pack", "--silent", AXE], cwd=folder, check=True, timeout=120, capture_output=True)
        (archive,) = folder.glob("axe-core-*.tgz")
        with tarfile.open(archive) as packed:
            member = packed.extractfile("package/axe.min.js")
            assert member is not None
            kept.parent.mkdir(parents=True, exist_ok=True)
            part = kept.with_suffix(f".{os.getpid()}.part")  # several processes test
            part.write_bytes(member.read())
            part.replace(kept)
    return kept.read_text(encoding="utf-8")


def check_axe(page: Page, source: str) -> None:
    """No serious finding, wide and light or narrow and dark."""
    before = page.viewport_size
    for theme, window in (("light", WIDE), ("dark", NARROW)):
        page.set_viewport_size(window)
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]  # both are among its words
        page.evaluate(source)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert found["passes"], "axe looked at nothing"
        serious = [
            f"{v['id']} ({theme}): {v['help']}: " + "; ".join(node["html"][:160] for node in v["nodes"][:4])
            for v in found["violations"]
            if v["impact"] in SERIOUS
        ]
        assert not serious, "\n".join(serious)
    page.emulate_media(color_scheme="light")
    if before:
        page.set_viewport_size(before)
