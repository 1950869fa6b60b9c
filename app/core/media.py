"""What kind of picture some bytes are, by their first bytes: the two kinds that count here."""


def sniff(data: bytes) -> str | None:
    """image/jpeg, image/png or None."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/png" if data.startswith(b"\x89PNG\r\n\x1a\n") else None
