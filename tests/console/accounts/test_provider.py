"""Signing in through a real OpenID Connect provider, in a real browser; roles follow from the provider's groups."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.core.types import Role
from app.settings import default_cache
from tests.console.service import Service

Open = Callable[..., Page]
PACKAGE = "oidc-provider@9"
SECRET = "a secret & more"
SCRIPT = Path(__file__).parents[1] / "provider.mjs"


@pytest.fixture(scope="module")
def issuer(site: Service) -> Iterator[str]:
    """The provider's address; it knows the site, and the site knows it."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("npm is missing, from which the provider comes; install nodejs and npm")
    modules = default_cache() / "oidc-provider"
    if not (modules / "node_modules" / "oidc-provider").exists():
        modules.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(modules), PACKAGE]
        subprocess.run(install, check=True, timeout=300)
    command = ["node", str(SCRIPT), str(modules), f"{site.url}/signin/provider/back"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        line = next((text for text in process.stdout if text.startswith("ISSUER ")), "")
        assert line, "the provider did not start"
        issuer = line.split()[1]
        roles = {"admins": Role.ADMIN, "guards": Role.SECURITY}
        site.system.accounts.federation.set(issuer, "facegate", SECRET, "groups", roles, "Example Corp")
        yield issuer
    finally:
        site.system.accounts.federation.remove()
        process.kill()
        process.wait()
        process.stdout.close()


def sign_in_there(page: Page, name: str) -> None:
    """The provider's own pages: a name and any password, then consent."""
    page.get_by_placeholder("Enter any login").fill(name)
    page.get_by_placeholder("and password").fill("anything")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def test_roles_follow_the_groups_there(
    site: Service, issuer: str, page_as: Open, look: Callable[[Page, str], Any], axe: Callable[[Page], None]
) -> None:
    page = page_as(path="/signin?next=/signins")
    look(page, "signin-provider")
    axe(page)
    page.get_by_role("link", name="Sign in with Example Corp").click()
    sign_in_there(page, "ada")
    expect(page).to_have_url(f"{site.url}/signins")
    expect(page.get_by_role("row").nth(1)).to_contain_text("sign-in provider")
    user = site.system.accounts.users.by_name("ada")
    assert (user.roles, user.subject, user.password) == ({Role.ADMIN}, f"{issuer} ada", None)
    guard = page_as(path="/signin?next=/account")
    guard.get_by_role("link", name="Sign in with Example Corp").click()
    sign_in_there(guard, "grace")
    expect(guard.get_by_role("heading", name="grace")).to_be_visible()
    assert guard.get_by_label("Current password").count() == 0
    assert site.system.accounts.users.by_name("grace").roles == {Role.SECURITY}


def test_existing_user_is_not_taken_over(site: Service, issuer: str, page_as: Open) -> None:
    site.user("admin", name="root")
    with site.system.store.write() as tx:
        before = tx.users.by_name("root")
    page = page_as(path="/signin")
    page.get_by_role("link", name="Sign in with Example Corp").click()
    sign_in_there(page, "root")
    expect(page.get_by_role("alert")).to_contain_text("you have no role here")
    assert site.system.accounts.users.by_name("root") == before


def test_user_without_a_group_or_disabled_is_refused(
    site: Service, issuer: str, page_as: Open, caplog: pytest.LogCaptureFixture
) -> None:
    page = page_as(path="/signin")
    page.get_by_role("link", name="Sign in with Example Corp").click()
    sign_in_there(page, "eve")
    expect(page.get_by_role("alert")).to_contain_text("you have no role here")
    (refused,) = site.system.accounts.sign_in.recent(limit=1)
    assert (refused.outcome, refused.detail) == ("refused", "no role is set for any of these groups: everybody")
    assert f'sign_in_refused method=provider why="{refused.detail}"' in caplog.messages
    admin = page_as("admin", path="/signins")
    expect(admin.get_by_role("row").nth(1)).to_contain_text(refused.detail)
    assert not [c for c in page.context.cookies() if c["name"] == "facegate"]


def test_unsolicited_answer_is_refused(site: Service, issuer: str, page_as: Open) -> None:
    page = page_as(path="/signin/provider/back?code=stolen&state=made-up")
    expect(page.get_by_role("alert")).to_contain_text("start again")
    page.goto("/signin")
    page.get_by_role("link", name="Sign in with Example Corp").click()
    expect(page.get_by_placeholder("Enter any login")).to_be_visible()
    page.goto("/signin/provider/back?code=stolen&state=made-up")
    expect(page.get_by_role("alert")).to_contain_text("start again")


def test_providers_error_is_kept_with_the_sign_in(site: Service, issuer: str, page_as: Open) -> None:
    page = page_as(path="/signin")
    page.get_by_role("link", name="Sign in with Example Corp").click()
    expect(page.get_by_placeholder("Enter any login")).to_be_visible()
    (journey,) = [c for c in page.context.cookies() if c["name"] == "facegate-journey"]
    state = journey["value"].partition(".")[0]
    page.goto(f"{site.url}/signin/provider/back?error=access_denied&state={state}")
    expect(page.get_by_role("alert")).to_contain_text("start again")
    assert site.system.accounts.sign_in.recent(limit=1)[0].detail == "the provider sends no code: access_denied"
