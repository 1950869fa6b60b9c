"""Mail through a real server on this machine: in the clear, by STARTTLS and by TLS, and what its refusals become."""

import asyncio
import datetime as dt
import email
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from socket import create_connection
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.adapters.mail.smtp import SmtpMailer
from app.core.ports.mail import Mail, MailFault

MAIL = Mail("vera@example.org", "Ihr Besuch: Büro", "Guten Tag Vera Müller,\nFrom 8:00 until 9:00.\n", b"\x89PNG...")
USER = LoginPassword(b"gate", b"secret")


class Postbox:
    """refuses: what the server answers to every recipient."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.refuses = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        envelope.rcpt_tos.append(address)
        return self.refuses or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken.append(email.message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a self-made certificate of 127.0.0.1, in one file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "mail.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(secret + made.public_bytes(pem))
    return file


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def serve(postbox: Postbox) -> Iterator[Callable[..., SmtpMailer]]:
    """Starts a server; the mailer that uses it in the clear."""
    running: list[Controller] = []

    def start(**options: Any) -> SmtpMailer:
        # The port is the system's choice; the controller would knock at 0 otherwise.
        running.append(Started(postbox, hostname="127.0.0.1", port=0, **options))
        running[-1].start()
        assert running[-1].server is not None
        port = cast(asyncio.Server, running[-1].server).sockets[0].getsockname()[1]
        return SmtpMailer("127.0.0.1", port, "none", "gate@example.org")

    yield start
    for one in running:
        one.stop()


class Started(Controller):
    def _trigger_server(self) -> None:
        """Knocks, as a controller does, and at the port that the system chose."""
        assert self.server is not None
        create_connection(cast(asyncio.Server, self.server).sockets[0].getsockname()).close()


def test_mail_arrives_whole(serve: Callable[..., SmtpMailer], postbox: Postbox) -> None:
    serve().send(MAIL)
    (taken,) = postbox.taken
    assert (taken["To"], taken["From"], taken["Subject"]) == ("vera@example.org", "gate@example.org", MAIL.subject)
    assert taken["Auto-Submitted"] == "auto-generated" and taken["Message-ID"].endswith("@example.org>")
    body, picture = taken.iter_parts()
    assert body.get_content().replace("\r\n", "\n") == MAIL.text
    assert (picture.get_filename(), picture.get_content()) == ("pass.png", MAIL.picture)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_goes_through_tls_with_a_sign_in(
    serve: Callable[..., SmtpMailer], postbox: Postbox, certificate: Path, security: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def known(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=given == USER)

    early = security == "starttls"
    sign_in = {"authenticator": known, "auth_required": early, "auth_require_tls": early}
    over = {"tls_context": context, "require_starttls": True} if early else {"ssl_context": context}
    mailer = serve(**sign_in, **over)
    trusting = ssl.create_default_context(cafile=str(certificate))
    known_to_us = replace(mailer, security=security, user="gate", password="secret", trust=trusting)  # type: ignore[arg-type]
    known_to_us.send(MAIL)
    assert len(postbox.taken) == 1
    with pytest.raises(MailFault):
        replace(known_to_us, password="wrong").send(MAIL)
    with pytest.raises(MailFault, match="cannot be used"):  # whose certificate nobody vouches for
        replace(known_to_us, trust=None).send(MAIL)
    assert len(postbox.taken) == 1


def test_server_without_tls_gets_nothing(serve: Callable[..., SmtpMailer], postbox: Postbox) -> None:
    with pytest.raises(MailFault):
        replace(serve(), security="starttls").send(MAIL)
    assert postbox.taken == []


@pytest.mark.parametrize(("answer", "final"), [("550 no such user", True), ("451 later", False)])
def test_refused_address(serve: Callable[..., SmtpMailer], postbox: Postbox, answer: str, final: bool) -> None:
    mailer, postbox.refuses = serve(), answer
    with pytest.raises(MailFault) as caught:
        mailer.send(MAIL)
    assert caught.value.final is final and "vera" not in str(caught.value)


@pytest.mark.parametrize("wrong", [{"to": "vera@example.org\nBcc: all@example.org"}, {"subject": "a\r\nBcc: b@c.de"}])
def test_mail_that_would_add_a_header_is_not_sent(
    serve: Callable[..., SmtpMailer], postbox: Postbox, wrong: dict[str, Any]
) -> None:
    with pytest.raises(MailFault) as caught:
        serve().send(replace(MAIL, **wrong))
    assert caught.value.final and postbox.taken == []


def test_server_that_is_not_there(serve: Callable[..., SmtpMailer]) -> None:
    with pytest.raises(MailFault, match="ConnectionRefusedError"):
        SmtpMailer("127.0.0.1", 1, "none", "gate@example.org").send(MAIL)
