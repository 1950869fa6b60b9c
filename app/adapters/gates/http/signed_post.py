"""The signed HTTP request to a gate's relay."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

from app.adapters.net.http_exchange import Request, Target

TIMESTAMP_HEADER = "X-Facegate-Timestamp"
SIGNATURE_HEADER = "X-Facegate-Signature"


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """'sha256=' and the hex HMAC-SHA256 over timestamp, a full stop and the body."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def signed_request(target: Target, secret: str, message: Mapping[str, str | None], now: datetime) -> Request:
    body = json.dumps(message, separators=(",", ":")).encode()
    timestamp = f"{now.timestamp():.3f}"
    headers = {"Content-Type": "application/json", TIMESTAMP_HEADER: timestamp}
    headers[SIGNATURE_HEADER] = sign(secret, timestamp, body)
    return Request("POST", target.path, headers, body)
