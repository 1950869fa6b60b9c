"""The request for each command to an HTTP relay: its method, address, headers, body and login."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app.adapters.gates.forms.asked import Asked
from app.adapters.gates.forms.self_acting import Said, contradiction
from app.adapters.net.addresses import ForbiddenAddress, check_literal
from app.core.cameras.url_login import is_ambiguous
from app.core.gates.hardware import FieldKind

OURS = frozenset({"host", "content-length", "transfer-encoding", "connection"})


def check_url(url: str) -> str:
    """Returns the URL. Raises ValueError, whose message does not repeat it."""
    if is_ambiguous(url):
        raise ValueError("must not hold a user name or password; write an @ in its path as %40")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http or https URL")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or password: a signed request needs none, others have a login")
    if parts.fragment or not url.isascii() or re.search(r"[\s\x00-\x1f\x7f]", url):
        raise ValueError("must hold no fragment, space or control character")
    try:
        parts.port  # noqa: B018  reading it checks it
    except ValueError:
        raise ValueError("has no valid port number") from None
    try:
        check_literal(parts.hostname, loopback=True)
    except ForbiddenAddress as error:
        raise ValueError(str(error)) from None
    return url


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, allow_inf_nan=False)


class HttpLogin(Part):
    """basic and digest: username and password. bearer: token."""

    scheme: Annotated[Literal["basic", "digest", "bearer"], Asked("Login", "None if empty.")]
    username: Annotated[str | None, Asked("User name")] = Field(
        default=None, max_length=200, pattern=r"^[^\x00-\x1f\x7f:]*$"
    )
    password: Annotated[str | None, Asked("Password", kind=FieldKind.SECRET)] = Field(
        default=None, repr=False, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$"
    )
    token: Annotated[str | None, Asked("Token", "For bearer.", FieldKind.SECRET)] = Field(
        default=None, repr=False, max_length=2000, pattern=r"^[\x21-\x7e]+$"
    )

    @model_validator(mode="after")
    def _complete(self) -> "HttpLogin":
        if self.scheme == "bearer":
            if self.token is None or self.username is not None or self.password is not None:
                raise ValueError("bearer needs a token and nothing else")
        elif self.username is None or self.password is None or self.token is not None:
            raise ValueError(f"{self.scheme} needs username and password, and no token")
        return self


class HttpCommand(Part):
    """One request, sent exactly as configured."""

    method: Annotated[Literal["GET", "POST", "PUT", "PATCH"], Asked("Method")] = "GET"
    url: Annotated[str, Asked("Address", kind=FieldKind.ADDRESS)] = Field(repr=False, max_length=2000)
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    body: Annotated[str | None, Asked("Body", rare=True)] = Field(default=None, repr=False, max_length=4096)
    login: HttpLogin | None = None

    _url = field_validator("url")(check_url)

    @field_validator("headers")
    @classmethod
    def _plain(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name) or name.lower() in OURS:
                raise ValueError("has a header name that cannot be set")
            if not re.fullmatch(r"[\x20-\x7e]*", value):
                raise ValueError("has a header value that is not printable ASCII")
        return headers

    def said(self) -> Said:
        headers = tuple(sorted((name.lower(), value) for name, value in self.headers.items()))
        return Said(self.url, self.body or "", headers)


class HttpCommands(Part):
    """The request for each command. Nothing but open and release may unlock."""

    open: HttpCommand
    release: HttpCommand
    secure: HttpCommand

    @model_validator(mode="after")
    def _no_contradiction(self) -> "HttpCommands":
        wrong = contradiction({name: getattr(self, name).said() for name in ("open", "release", "secure")})
        if wrong is not None:
            raise ValueError(wrong)
        return self


@dataclass(frozen=True)
class HttpForm:
    """The requests of a relay.

    Attributes:
        shuts_itself: The relay ends an opening by its own timer. Otherwise we send `secure` after open_s.
        refusals: Texts in an answer of status 200 that mean that nothing was done.
    """

    commands: HttpCommands
    shuts_itself: bool
    refusals: tuple[str, ...] = ()
