"""The protocol for sending mail."""

from dataclasses import dataclass
from typing import Protocol


class MailFault(Exception):
    """A mail was not taken. final: trying again does not help. The message names no person and no address."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


@dataclass(frozen=True)
class Mail:
    """One mail. picture: a PNG that is attached as `pass.png`. id: the same for a mail that is sent again."""

    to: str
    subject: str
    text: str
    picture: bytes | None = None
    id: str | None = None


class Mailer(Protocol):
    """Sends mail."""

    def send(self, mail: Mail) -> None:
        """Returns once the server has taken it. Raises MailFault."""
        ...
