"""A webhook over TLS gets messages only with a certificate that is trusted and names it."""

import ssl
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from app.adapters.receivers.webhook import WebhookCarrier
from app.core.alerts.messages import Message, secret_of
from app.core.alerts.receivers import Target
from app.core.ports.alerts import NotDelivered
from tests.adapters.gates.peers import free_port
from tests.adapters.receivers.http_receiver import HttpReceiver

HERE = (IPv4Network("127.0.0.0/8"),)
NOW = datetime(2026, 11, 30, tzinfo=UTC)
TEST = Message("m-1", NOW, "Works")
SECRET = secret_of(bytes(32))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and self-made certificate of 127.0.0.1, in one file."""
    file = tmp_path_factory.mktemp("tls") / "receiver.pem"
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=receiver -addext subjectAltName=IP:127.0.0.1"
    made = subprocess.run([*words.split(), "-keyout", "-", "-out", "-"], capture_output=True, check=True, timeout=60)
    file.write_bytes(made.stdout)
    return file


@pytest.fixture
def server(certificate: Path) -> Iterator[HttpReceiver]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    running = HttpReceiver(tls=context)
    yield running
    running.close()


def carrier(ca_file: Path | None = None) -> WebhookCarrier:
    return WebhookCarrier(lambda: NOW, HERE, None if ca_file is None else str(ca_file))


def test_trusted_certificate_is_taken(server: HttpReceiver, certificate: Path) -> None:
    assert carrier(certificate).send(Target(server.address, SECRET), TEST).startswith("answered 200")
    assert server.ids == ["m-1"]


def test_certificate_that_nobody_vouches_for_is_refused(server: HttpReceiver) -> None:
    with pytest.raises(NotDelivered, match="the certificate is not trusted"):
        carrier().send(Target(server.address, SECRET), TEST)
    assert server.ids == []


def test_certificate_of_another_name_is_refused(server: HttpReceiver, certificate: Path) -> None:
    with pytest.raises(NotDelivered, match="the certificate is not trusted"):
        carrier(certificate).send(Target(server.address.replace("127.0.0.1", "localhost"), SECRET), TEST)
    assert server.ids == []


def test_this_machine_and_dead_addresses_are_said(server: HttpReceiver) -> None:
    with pytest.raises(NotDelivered, match="this host is the server itself"):
        WebhookCarrier(lambda: NOW).send(Target(server.address, SECRET), TEST)
    with pytest.raises(NotDelivered, match="connection refused"):
        carrier().send(Target(f"http://127.0.0.1:{free_port()}/", SECRET), TEST)
    with pytest.raises(NotDelivered, match="outside the networks"):
        carrier().send(Target("http://10.1.2.3/", SECRET), TEST)


@pytest.mark.parametrize(
    ("status", "final"), [("400", True), ("401", False), ("404", False), ("410", True), ("500", False)]
)
def test_refusals_of_the_message_are_final(status: str, final: bool) -> None:
    plain = HttpReceiver()
    plain.script.append(status)
    try:
        with pytest.raises(NotDelivered, match=f"answered {status}") as refused:
            carrier().send(Target(plain.address, SECRET), TEST)
    finally:
        plain.close()
    assert refused.value.final is final
