"""The console as people use it: a real service with real models, and a real Chromium in front of it.

site            the service: its address, its System, and who may sign in
page_as(*roles) a page in a browser of its own, signed in as somebody with these roles; none: signed out
look(page, name)  the page fits wide and narrow windows; with SHOTS_DIR=FOLDER also four pictures of it there
axe(page)       fails on what keeps people out who cannot see, or use no mouse

Whatever a page logs as an error, the content policy's refusals among it, fails the test.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import SHOTS
from tests.console.browser import CHROMIUM, Shots, Tab, Tabs, axe_source, check_axe
from tests.console.service import Service
from tests.waiting import HANG_S

expect.set_options(timeout=1000 * HANG_S)  # what a busy machine takes; the default of 5 s fails tests there


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One for all tests: give what you make a name of its own."""
    with Service.running(tmp_path_factory.mktemp("console")) as service:
        yield service


@pytest.fixture
def fresh_site(tmp_path: Path) -> Iterator[Service]:
    """A service of this test's own, on which nothing has happened yet."""
    with Service.running(tmp_path / "data") as service:
        yield service


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable[..., Browser]]:
    """Starts a Chromium with more arguments than usual, such as a file for its camera."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing; install Debian's package chromium (make peers does, as root)")
    with sync_playwright() as playwright:

        def start(*arguments: str) -> Browser:
            # Its sandbox does not start as root; here it shows nothing but our own pages.
            words = ["--no-sandbox", "--force-color-profile=srgb", *arguments]
            return playwright.chromium.launch(executable_path=CHROMIUM, args=words)

        yield start


@pytest.fixture(scope="session")
def browser(launch: Callable[..., Browser]) -> Iterator[Browser]:
    browser = launch()
    yield browser
    browser.close()


@pytest.fixture
def tabs(site: Service, browser: Browser) -> Iterator[Tabs]:
    """The pages of this test; at its end they are closed, and none may have logged an error."""
    tabs = Tabs(site, browser)
    yield tabs
    tabs.close()


@pytest.fixture
def page_as(tabs: Tabs) -> Tab:
    return tabs.open


@pytest.fixture(scope="session")
def look() -> Shots:
    return Shots(Path(SHOTS) if SHOTS else None)


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Page], None]:
    if shutil.which("npm") is None:
        pytest.skip("npm is missing, from which axe-core comes; install nodejs and npm")
    source = axe_source(tmp_path_factory.mktemp("axe"))
    return lambda page: check_axe(page, source)
