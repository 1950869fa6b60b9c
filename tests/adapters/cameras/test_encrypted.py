"""Cameras over TLS: most show a certificate of their own making, which is trusted by its digest and by nothing less."""

import datetime as dt
import hashlib
import itertools
import select
import ssl
from collections.abc import Callable
from pathlib import Path
from socket import create_connection, socket

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.adapters.cameras.sources import open_source
from app.core.errors import SourceFailed
from tests.adapters.cameras.peers import RtspCamera, clock, jpeg, motion_jpeg, noise, rude, web


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str, Path]:
    """A camera's self-made certificate for localhost: the server's context, the digest, the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "camera.pem"
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest(), file


def encrypting(context: ssl.SSLContext, port: int) -> Callable[[socket], None]:
    """Ends TLS in front of a plain server."""

    def behave(connection: socket) -> None:
        with (
            context.wrap_socket(connection, server_side=True) as outer,
            create_connection(("127.0.0.1", port)) as inner,
        ):
            while True:
                pending = outer.pending() > 0
                ready = [outer] if pending else select.select([outer, inner], [], [])[0]
                for end, other in ((outer, inner), (inner, outer)):
                    if end in ready:
                        data = end.recv(65536)
                        if not data:
                            return
                        other.sendall(data)

    return behave


def reads(url: str, tls: ssl.SSLContext | None = None) -> int:
    source = open_source(url, allow_local=True, clock=clock, tls=tls)
    try:
        return len([source.read() for _ in range(10)])
    finally:
        source.close()


def test_self_signed_certificate_is_trusted_by_its_digest_only(own: tuple[ssl.SSLContext, str, Path]) -> None:
    context, digest, file = own
    with (
        web(motion_jpeg(itertools.repeat(jpeg(noise(1))), every_s=0.02)) as plain,
        rude(encrypting(context, plain)) as port,
    ):
        url = f"https://localhost:{port}/"
        assert reads(f"{url}#sha256={digest}") == 10
        assert reads(url, ssl.create_default_context(cafile=str(file))) == 10
        with pytest.raises(SourceFailed, match="not trusted"):
            reads(url)
        with pytest.raises(SourceFailed, match="another certificate"):
            reads(f"{url}#sha256={'0' * 64}")
        with pytest.raises(SourceFailed, match="no encrypted connection"):
            reads(f"https://localhost:{plain}/")


def test_rtsp_over_tls(own: tuple[ssl.SSLContext, str, Path], rtsp: Callable[..., RtspCamera]) -> None:
    context, digest, _ = own
    with rude(encrypting(context, int(rtsp().port))) as port:
        assert reads(f"rtsps://localhost:{port}/stream#sha256={digest}") == 10
        with pytest.raises(SourceFailed, match="not trusted"):
            reads(f"rtsps://localhost:{port}/stream")
