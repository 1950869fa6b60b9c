"""Behind a real nginx, with docker/nginx.conf as it stands there: sign-in, live events, uploads, a path of its own."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.sync_api import Browser, Page, expect

from tests import pictures
from tests.adapters.gates.peers import free_port
from tests.console.browser import Tabs
from tests.console.service import PASSWORD, Service
from tests.waiting import eventually

CONF = Path(__file__).parents[3] / "docker" / "nginx.conf"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
Start = Callable[[str], None]


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Start]:
    """Starts an nginx with this configuration, for this test."""
    if NGINX is None:
        pytest.skip("nginx is missing; install Debian's package nginx-light (make peers does, as root)")
    started: list[subprocess.Popen[bytes]] = []

    def start(conf: str) -> None:
        file = tmp_path / f"nginx-{len(started)}.conf"
        own = f"{tmp_path}/{len(started)}"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
            conf = conf.replace("http {", f"http {{\n    {kind}_temp_path {own}-{kind};", 1)
        conf = conf.replace("http {", "http {\n    access_log off;", 1)
        file.write_text(f"daemon off; pid {own}.pid; error_log stderr;\n{conf}")
        started.append(subprocess.Popen([str(NGINX), "-p", str(tmp_path), "-e", "stderr", "-c", str(file)]))

    yield start
    for process in started:
        process.terminate()
        process.wait(10)


def certificate(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate that it signed itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    made = builder.sign(key, hashes.SHA256())
    public, private = folder / "facegate.crt", folder / "facegate.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private


def shipped(site: Service, folder: Path, *changes: tuple[str, str]) -> tuple[str, str]:
    """docker/nginx.conf with this test's addresses and files, and the address that it then serves at."""
    public, private = certificate(folder)
    port, plain = free_port(), free_port()
    conf = CONF.read_text()
    for old, new in (
        ("server 127.0.0.1:8000;", f"server {site.url.removeprefix('http://')};"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{port} ssl http2;"),
        ("gate.example.com", "localhost"),
        ("/etc/nginx/facegate.crt", str(public)),
        ("/etc/nginx/facegate.key", str(private)),
        *changes,
    ):
        assert old in conf, old
        conf = conf.replace(old, new)
    return conf, f"https://localhost:{port}"


def answering(url: str, *, only_nginx: bool = False) -> None:
    """Waits for the service behind nginx, or only for nginx."""

    def answers() -> bool:
        with suppress(httpx.TransportError):
            answer = httpx.get(f"{url}/signin", verify=False, trust_env=False)  # noqa: S501
            return only_nginx or answer.status_code < 500
        return False

    eventually(answers, "an answer of nginx")


def sign_in(site: Service, page: Page, start: str, *roles: str) -> None:
    who = site.user(*roles, password=PASSWORD)
    page.goto(start)
    page.get_by_label("Name").fill(who.name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def decided(site: Service, gate: str) -> str:
    """Somebody walks up to the gate; the event's id."""
    headers = {**site.key("gate", gate), "Content-Type": "image/jpeg"}
    url = f"{site.url}/v1/gates/{gate}/decisions"
    answer = httpx.post(url, headers=headers, content=pictures.empty(), trust_env=False, timeout=30)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["decision_id"])


def test_shipped_nginx_conf(site: Service, nginx: Start, tabs: Tabs, tmp_path: Path) -> None:
    conf, url = shipped(site, tmp_path)
    nginx(conf)
    answering(url)
    site.system.gates.add("behind-nginx")
    page = tabs.open(base_url=url, ignore_https_errors=True)
    sign_in(site, page, f"{url}/signin?next=/live", "admin", "security")
    expect(page).to_have_url(f"{url}/live")
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert cookies["__Host-facegate"]["secure"] and cookies["__Host-facegate"]["path"] == "/"
    event = decided(site, "behind-nginx")
    expect(page.locator(f'a[href="/activity/{event}"]').first).to_be_visible()
    # It is the browser's address that counts, whatever a client claims.
    claim = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "elsewhere.example"}
    for path in ("/metrics", "/readyz"):
        assert httpx.get(url + path, headers=claim, verify=False, trust_env=False).status_code == 401  # noqa: S501


def test_served_below_a_path_prefix(tmp_path: Path, nginx: Start, browser: Browser) -> None:
    """Links, scripts, redirects, cookies, calls and live events, whether or not the proxy takes the prefix off."""
    with Service.running(tmp_path / "data", path_prefix="/facegate") as site:
        for keeps in (True, False):
            conf, origin = shipped(
                site,
                tmp_path,
                (
                    "location / { proxy_pass http://facegate; }",
                    f"location /facegate/ {{ proxy_pass http://facegate{'' if keeps else '/'}; }}",
                ),
            )
            nginx(conf)
            url = f"{origin}/facegate"
            answering(url)
            gate = f"below-a-path-{keeps}"
            site.system.gates.add(gate)
            tabs = Tabs(site, browser)
            page = tabs.open(ignore_https_errors=True)
            page.goto(f"{url}/")
            sign_in(site, page, f"{url}/employees", "admin", "security")
            expect(page).to_have_url(f"{url}/employees")
            (cookie,) = [c for c in page.context.cookies() if "facegate-device" not in c["name"]]
            assert (cookie["name"], cookie["path"], cookie["secure"]) == ("__Secure-facegate", "/facegate/", True)
            for name, path in (
                ("Live", "live"),
                ("Activity", "activity"),
                ("Health", "health"),
                ("People", "employees"),
            ):
                page.get_by_role("link", name=name, exact=True).first.click()
                expect(page).to_have_url(f"{url}/{path}")
            page.get_by_role("link", name="Add", exact=True).click()
            page.get_by_label("Number", exact=True).fill(f"E-{keeps}")
            page.get_by_label("Name", exact=True).fill("Ada Lovelace")
            page.get_by_role("button", name="Add and go to photos").click()
            page.wait_for_url(f"{url}/employees/0*")
            page.goto(f"{url}/live")
            event = decided(site, gate)
            expect(page.locator(f'a[href="/facegate/activity/{event}"]').first).to_be_visible()
            page.locator(f'a[href="/facegate/activity/{event}"]').first.click()
            expect(page).to_have_url(f"{url}/activity/{event}")
            page.context.clear_cookies()
            page.reload()
            expect(page).to_have_url(f"{url}/signin?next=%2Factivity%2F{event}")
            tabs.close()


def test_plain_proxy_pass_over_https(site: Service, nginx: Start, tabs: Tabs, tmp_path: Path) -> None:
    """The host is changed on the way; the browser says itself that the form is the page's own."""
    changed = ("proxy_set_header Host $http_host;", "")
    conf, url = shipped(site, tmp_path, changed)
    nginx(conf)
    answering(url)
    page = tabs.open(base_url=url, ignore_https_errors=True)
    sign_in(site, page, f"{url}/signin?next=/account", "viewer")
    expect(page).to_have_url(f"{url}/account")


def test_proxy_error_is_attributed_to_the_proxy(site: Service, nginx: Start, tabs: Tabs, tmp_path: Path) -> None:
    conf, url = shipped(site, tmp_path, ("client_max_body_size 0;", "client_max_body_size 10k;"))
    nginx(conf)
    answering(url)
    page = tabs.open(base_url=url, ignore_https_errors=True)
    sign_in(site, page, f"{url}/signin?next=/imports", "admin")
    expect(page).to_have_url(f"{url}/imports")
    module = f"{url}/static/"
    refused = page.evaluate(
        """async (at) => {
            const { call } = await import(at + "api.js");
            const { upload } = await import(at + "upload.js");
            const form = new FormData();
            form.append("csv", new Blob(["x".repeat(20000)]), "people.csv");
            return Promise.all([call("/v1/imports", { method: "POST", form }), upload("/v1/imports", form)]
                .map((asked) => asked.catch((error) => [error.status, error.code, error.message])));
        }""",
        module,
    )
    for status, code, words in refused:
        assert (status, code) == (413, "proxy") and "client_max_body_size" in words, refused
    gone, nowhere = shipped(site, tmp_path, (f"server {site.url.removeprefix('http://')};", "server 127.0.0.1:1;"))
    nginx(gone)
    answering(nowhere, only_nginx=True)
    page.route(f"{url}/v1/**", lambda route: route.continue_(url=route.request.url.replace(url, nowhere)))
    unreached = page.evaluate(
        """async (at) => {
            const { call } = await import(at + "api.js");
            return call("/v1/users").catch((error) => [error.status, error.code, error.message]);
        }""",
        module,
    )
    assert unreached[:2] == [502, "proxy"] and "Check that the service runs" in unreached[2], unreached


def test_page_without_https_explains_the_missing_camera(site: Service, launch: Callable[..., Browser]) -> None:
    """Away from this machine, and without TLS, a browser has no camera to give."""
    browser = launch("--host-resolver-rules=MAP gate.test 127.0.0.1")
    tabs = Tabs(site, browser)
    page = tabs.open()
    url = site.url.replace("127.0.0.1", "gate.test")
    sign_in(site, page, f"{url}/signin?next=/employees/new", "admin")
    page.get_by_label("Number", exact=True).fill("E-in-the-clear")
    page.get_by_label("Name", exact=True).fill("Ada Lovelace")
    page.get_by_role("button", name="Add and go to photos").click()
    page.get_by_role("button", name="Use the camera").click()
    expect(page.locator("#guidance")).to_contain_text("Browsers allow the camera on https pages only")
    # Chromium's remark on every page in the clear.
    tabs.errors = [error for error in tabs.errors if "Cross-Origin-Opener-Policy" not in error]
    tabs.close()
    browser.close()
