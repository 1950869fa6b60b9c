"""Every setting, its bounds and its purpose. Nothing else reads the environment. A test compares app/README.md."""

import json
import os
import tomllib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from app import machine
from app.core.errors import Fault

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

PREFIX = "FACEGATE_"
CONFIG_FILE = "facegate.toml"


PICTURE_TO_ENROL_PX = 480  # the height of a picture that may enrol somebody
PICTURES_TO_ENROL = 3


def _separate(value: object) -> object:
    """Splits a value with commas, or parses a JSON list, from the environment. The file already has lists."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError("write it with commas and without brackets") from None
    return [part.strip() for part in value.split(",") if part.strip()]


Scheme = Literal["rtsp", "rtsps", "http", "https"]
Several = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_separate)]


class SettingsError(Fault):
    """A setting has an unusable value. The message names the setting and its source."""


class Settings(BaseSettings):
    """FACEGATE_NAME in the environment overrides DIR/facegate.toml, which overrides the default."""

    # Compose files pass unset variables as empty texts, which must not mean the folder "." for the weights.
    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True)

    data: Path = Field(Path("data"), description="folder of database, keys, journals and facegate.toml")
    database_url: SecretStr | None = Field(None, description="PostgreSQL URL; SQLite in the data folder if not set")
    master_key: SecretStr | None = Field(None, description="base64 of 32 bytes; a file in the data folder if not set")
    mirror: Path | None = Field(None, description="folder with weights by file name, for a site without network")
    cache_dir: Path | None = Field(None, description="where fetched model weights lie; the user's cache if not set")

    pack: str = Field("auto", description="model pack by name; auto: that of the stored templates, else sface")
    packs: Path | None = Field(None, description="folder of your own model packs; packs in the cache if not set")

    false_accept_rate: float = Field(
        0.001, gt=0, le=0.1, description="share of strangers' attempts that may open a gate; the threshold follows"
    )
    precision: Literal["auto", "f32", "bf16"] = Field(
        "auto", description="of the embedding; auto: as the stored templates, else the one that is faster here"
    )
    gate_flip: bool = Field(False, description="also embed the mirror image at the gate: double the time, fewer errors")
    detect_width_px: int = Field(
        320, ge=160, le=1920, description="longer side of the searched picture at least; wider for narrow faces, to 960"
    )
    min_face_px: int = Field(48, ge=24, le=1000, description="a narrower face at the gate is refused as face_too_small")
    workers: int = Field(0, ge=0, le=64, description="faces recognised at once, 150 MB each; 0: one a core, at most 8")
    max_wait_ms: int = Field(1000, ge=0, le=60_000, description="a request that waits longer for a worker gets 503")
    max_frame_age_ms: int = Field(2000, ge=100, le=60_000, description="a picture older than this opens nothing")
    replayed_picture: Literal["deny", "alert"] = Field(
        "deny",
        description="what the same picture gets under another request within a day; alert: only raise the alert",
    )
    record_deadline_ms: int = Field(2000, ge=100, le=60_000, description="an event not committed by then opens nothing")
    doubtful_clock: Literal["refuse", "warn"] = Field(
        "refuse", description="what a clock that cannot be right means for people with dates: refuse them, or warn only"
    )
    gates: Several = Field((), description="gates this process may watch and drive, such as lobby-1,dock; any if empty")
    camera_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_separate)] = Field(
        (), description="networks cameras may be in, such as 10.0.5.0/24; anywhere but where cameras never are if empty"
    )
    camera_schemes: Annotated[tuple[Scheme, ...], NoDecode, BeforeValidator(_separate)] = Field(
        ("rtsp", "rtsps", "http", "https"),
        min_length=1,
        description="how cameras may be reached over a network; rtsps,https where nothing may go in the clear",
    )
    receiver_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_separate)] = Field(
        (),
        description="networks receivers of alerts may be in, such as 10.0.5.0/24; anywhere but on this machine and "
        "where receivers never are if empty",
    )
    enrol_from_gate: bool = Field(
        False, description="allow an event's pictures to become an employee's photos: keeps up to three, and larger"
    )
    keep_snapshots: bool = Field(True, description="keep the face's picture with each event, sealed")
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_separate)] = Field(
        (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")),
        description="networks of proxies whose X-Forwarded-For, -Proto and -Host count; this machine if not set",
    )
    path_prefix: str = Field(
        "",
        pattern=r"^(/[A-Za-z0-9._~-]+)*$",
        description="where a proxy serves it below its host's root, such as /facegate; empty at the root",
    )
    max_image_mb: int = Field(30, ge=1, le=50, description="largest single image accepted")
    max_request_mb: int = Field(32, ge=1, le=500, description="largest request accepted")
    max_import_mb: int = Field(4096, ge=1, le=100_000, description="largest import accepted over HTTP")
    checkpoint_file: Path | None = Field(
        None, description="signed chain heads are appended here; put it on another disk. In the data folder if not set"
    )
    checkpoint_every_s: int = Field(300, ge=1, le=86_400, description="seconds between checkpoints")
    erasure_journal: Path | None = Field(
        None,
        description="receipts of erased employees; keep it apart from backups. In the data folder if not set",
    )
    people_keys: Path | None = Field(
        None,
        description="secrets of data keys: one file for all processes, never in backups. In the data folder if not set",
    )
    smtp_host: str = Field("", description="mail server that sends passes to visitors and tells hosts; none if empty")
    smtp_port: int = Field(587, ge=1, le=65535, description="port of the mail server")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="how the mail server is reached: starttls, tls from the start, or none in the clear"
    )
    smtp_user: str = Field("", description="name at the mail server, where it asks for one")
    smtp_password: SecretStr | None = Field(None, description="password at the mail server")
    smtp_from: str = Field("", description="address that mails come from; needed with a mail server")
    public_url: str = Field(
        "", description="address of the console for links in mails, such as https://gate.example.com"
    )
    session_idle_minutes: int = Field(
        60, ge=1, le=10_080, description="a browser signed in is signed out after so long without a request"
    )
    session_hours: int = Field(12, ge=1, le=720, description="a browser signed in is signed out after so long at most")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="how much the log says")
    log_format: Literal["text", "json"] = Field("text", description="json: one object a line, for a log collector")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        assert isinstance(init_settings, InitSettingsSource)  # what pydantic passes as the first
        folder = Path(init_settings.init_kwargs.get("data", "data"))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, folder / CONFIG_FILE)

    @property
    def url(self) -> str:
        """The URL of the database. Never log it: it holds the password."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data.resolve() / 'facegate.db'}"

    @property
    def cache(self) -> Path:
        return self.cache_dir or default_cache()

    @property
    def pack_folder(self) -> Path:
        return self.packs or self.cache / "packs"

    @property
    def threads(self) -> int:
        return self.workers or min(os.cpu_count() or 1, 8)

    @property
    def checkpoints(self) -> Path:
        return self.checkpoint_file or self.data / "checkpoints.jsonl"

    @property
    def erasures(self) -> Path:
        return self.erasure_journal or self.data / "erasures.jsonl"

    @property
    def key_file(self) -> Path:
        return self.people_keys or self.data / "people.keys"

    @property
    def pictures_kept(self) -> int:
        """The most pictures that an event keeps."""
        return (PICTURES_TO_ENROL if self.enrol_from_gate else 1) if self.keep_snapshots else 0

    @property
    def picture_height_px(self) -> int:
        """The height of a kept picture: small for viewing, larger if it may enrol somebody."""
        return PICTURE_TO_ENROL_PX if self.enrol_from_gate else 240

    def masked(self) -> dict[str, str]:
        """Returns every setting as text, with secrets as stars, for `doctor`."""
        return {name: "(not set)" if value is None else str(value) for name, value in self}


def read_settings(data: Path | None = None, **overrides: Any) -> Settings:
    """Returns the settings for a data folder. Raises SettingsError, also for a misspelt name."""
    folder = data or Path(os.environ.get(PREFIX + "DATA") or "data")
    for name in os.environ:
        asked = name.removeprefix(PREFIX).lower()
        if name.startswith(PREFIX) and asked not in Settings.model_fields:
            meant = _meant(asked, lambda near: PREFIX + near.upper())
            raise SettingsError(f"{name} in the environment is not a setting.{meant}")
    try:
        return Settings(data=folder, **overrides)
    except ValidationError as error:
        # The message does not repeat the value, which may be a secret.
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {_words(e)}" for e in error.errors())
        raise SettingsError(f"settings ({PREFIX}* or {folder / CONFIG_FILE}): {wrong}") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{folder / CONFIG_FILE} is not valid TOML: {error}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{folder / CONFIG_FILE} is not valid TOML: save it as UTF-8") from None
    except OSError as error:
        raise SettingsError(machine.in_words(error)) from None


def _meant(asked: str, written: Callable[[str], str] = str) -> str:
    near = get_close_matches(asked, Settings.model_fields, n=1)
    return f" Did you mean {written(near[0])}?" if near else ""


def _words(error: "ErrorDetails") -> str:
    name = str(error["loc"][0])
    return f"there is no such setting.{_meant(name)}" if error["type"] == "extra_forbidden" else error["msg"]


def default_cache(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the weights: FACEGATE_CACHE_DIR, else in the user's cache."""
    if chosen := environ.get(PREFIX + "CACHE_DIR"):
        return Path(chosen)
    base = environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "facegate"
