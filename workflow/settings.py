"""What can be set, from the environment (``MENTORING_…``), and what holds otherwise.

A command line option outdoes the environment. Secrets are never settings: a setting names the *file* that
holds one.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AwareDatetime,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from workflow.errors import Invalid
from workflow.secret_files import read_secret

_DSN = re.compile(r"postgres(ql)?://|[a-z_]+ *=")
_SCHEMES = {"nats", "tls"}
_API = re.compile(r"https?://[^/\s]+")
_PASSWORD = re.compile(r"//[^/@]*:[^/@]*@|\bpassword *=")

Port = Annotated[int, Field(ge=0, le=65535)]


class ClockKind(StrEnum):
    """Whose time it is."""

    REAL = "real"
    SIMULATED = "simulated"


class Role(StrEnum):
    """What a process of the service does. Of `api` there may be any number; of the others more than one stand by."""

    API = "api"
    """Answers by HTTP."""
    INTAKE = "intake"
    """Takes messages in; of several each takes partitions of its own."""
    PROJECT = "project"
    """Folds the log into what is read."""
    CLOCK = "clock"
    """Asks what is due, works off what waited, and destroys what is to be destroyed."""
    DELIVER = "deliver"
    """Tells other services what happened."""


class OutboundFrom(StrEnum):
    """What goes out at first start."""

    NOW = "now"
    BEGINNING = "beginning"


class Settings(BaseSettings):
    """Every setting of the service."""

    model_config = SettingsConfigDict(env_prefix="MENTORING_", frozen=True, extra="forbid")

    data: Path = Field(Path("mentoring-data"), description="folder that holds everything the service keeps")
    database: str | None = Field(
        None,
        description="PostgreSQL database (16 or later) that facts and projections are kept in, such as "
        "`postgresql://mentoring@db.example.org/mentoring`; without it they lie in files in the folder",
    )
    key_database: str | None = Field(
        None,
        description="PostgreSQL database that the data keys are kept in: another one, so that no dump holds both; "
        "needed with `MENTORING_DATABASE`",
    )
    database_password_file: Path | None = Field(
        None,
        description="file with the password of both databases; without it what libpq finds, such as a `.pgpass`",
    )
    key_database_password_file: Path | None = Field(
        None, description="file with the password of the database of the keys, where it has one of its own"
    )
    api: str | None = Field(
        None,
        description="address of the running service that verbs ask, such as `http://127.0.0.1:8080`; without it the "
        "one that the folder tells, or else what the service keeps",
    )
    host: str = Field("127.0.0.1", description="address that the HTTP door listens on")
    port: Port = Field(8080, description="port of the HTTP door; 0 takes a free one")
    nats: str | None = Field(
        None,
        description="address of a NATS server with JetStream, or those of a cluster's servers, with commas between "
        "them; without it the service runs one of its own",
    )
    nats_replicas: int = Field(
        1,
        ge=1,
        le=5,
        description="servers of a cluster that keep each stream; one that fewer keep gets more, and one that more keep "
        "stays as it is",
    )
    nats_host: str = Field("127.0.0.1", description="address that the service's own NATS server listens on")
    nats_port: Port = Field(4222, description="port of the service's own NATS server; 0 takes a free one")
    nats_token_file: Path | None = Field(
        None,
        description="file with the token that the NATS server demands; without it our own has `nats.token` in the "
        "folder, made at first start",
    )
    stream_bytes: int | None = Field(
        None,
        ge=16 * 1024**2,
        description="bytes that the stream may hold before it refuses more; without it, what it was given "
        "once, at first 8 GiB or as much as the broker grants",
    )
    partitions: int = Field(
        1,
        ge=1,
        le=64,
        description="into how many partitions the stream is divided when it is made, of which each process that takes "
        "messages in has some; they are dealt out by the last token of the subjects",
    )
    outbound_from: OutboundFrom = Field(
        OutboundFrom.NOW,
        description="from where on events go out to other services at first start: `now`, or the `beginning` of "
        "the log; afterwards it goes on from where it was",
    )
    outbound_bytes: int = Field(
        1024**3,
        ge=16 * 1024**2,
        description="bytes that each stream of what goes out may hold, where the service makes it (or as much as the "
        "broker grants); the oldest messages go first. A stream that is there stays as it is",
    )
    outbound_days: float = Field(
        30,
        gt=0,
        le=3660,
        allow_inf_nan=False,
        description="days for which such a stream keeps a message, where the service makes it",
    )
    accept_gap: str | None = Field(
        None,
        description="the one gap in the stream that intake passes over, as the stop because of it names it",
    )
    token_file: Path | None = Field(
        None, description="file with the bearer token that HTTP demands; needed beyond loopback"
    )
    hook_secrets: Path | None = Field(
        None,
        description="folder with a file for each provider that may send to `POST /v1/hooks/{provider}`, named as it "
        "(`icalendar`, `calcom`, `calendly`), that holds the secret it signs with; a provider without one is closed",
    )
    hook_seconds: float = Field(
        5,
        gt=0,
        le=300,
        allow_inf_nan=False,
        description="seconds that the translation of one hook may take; what takes longer is parked as it came",
    )
    master_key_file: Path | None = Field(
        None,
        description="file with the master key; without it `master.key` in the folder, made at first start",
    )
    clock: ClockKind | None = Field(
        None,
        description="`real`, or `simulated`: moved by `POST /v1/clock` alone; without it, the one that the "
        "folder was begun with, else `real`",
    )
    simulated_start: AwareDatetime = Field(
        "2026-01-05T08:00:00Z",
        validate_default=True,
        description="what a simulated clock shows at first start",
    )
    programme: str = Field(
        "default", min_length=1, max_length=100, description="the programme that is opened at first start"
    )
    zone: str = Field(
        "Europe/Helsinki",
        description="the programme's zone at first start, in which calendar months are counted",
    )
    policy: Path | None = Field(
        None,
        description="TOML file with the programme's policy; a changed one is adopted as its next version",
    )
    max_batch_bytes: int = Field(
        4 * 1024 * 1024,
        ge=1024,
        le=64 * 1024 * 1024,
        description="largest body of one batch of events over HTTP",
    )

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("no time zone of this name is known") from error
        return zone

    @field_validator("nats")
    @classmethod
    def _no_secret(cls, nats: str | None) -> str | None:
        if nats is None:
            return None
        # An address is shown and logged.
        if "@" in nats:
            raise ValueError("no name, password or token belongs in an address: use --nats-token-file")
        addresses = [address.strip() for address in nats.split(",")]
        if not all(map(_is_address, addresses)):
            raise ValueError("an address is nats://HOST:PORT, and several have a comma between them")
        return ",".join(addresses)

    @field_validator("api")
    @classmethod
    def _an_api(cls, api: str | None) -> str | None:
        if not api:
            return None
        if not _API.match(api):
            raise ValueError("an address is http://HOST:PORT")
        return api

    @field_validator("nats_replicas")
    @classmethod
    def _of_a_cluster(cls, replicas: int, others: ValidationInfo) -> int:
        if replicas > 1 and others.data.get("nats", "") is None:
            raise ValueError(
                f"{replicas} servers are to keep each stream, and the service's own is one: name those of a cluster in "
                "MENTORING_NATS"
            )
        return replicas

    @field_validator("database", "key_database")
    @classmethod
    def _a_database(cls, dsn: str | None) -> str | None:
        # What is wrong with it is not repeated: it may be a password.
        if dsn is not None and not _DSN.match(dsn):
            raise ValueError(
                "a database is named by `postgresql://user@host/name`, or by `host=… user=… dbname=…`"
            )
        if dsn is not None and _PASSWORD.search(dsn):
            raise ValueError("no password belongs in it: use MENTORING_DATABASE_PASSWORD_FILE")
        return dsn

    @model_validator(mode="after")
    def _keys_apart(self) -> Self:
        if self.database is not None and self.key_database is None:
            raise ValueError("MENTORING_KEY_DATABASE has to name the database of the keys")
        if self.database is None and self.key_database is not None:
            raise ValueError("MENTORING_KEY_DATABASE goes with MENTORING_DATABASE, which is not set")
        if self.database is not None and self.database == self.key_database:
            raise ValueError(
                "keys and facts have to be in two databases: whoever has a dump of one must not have both"
            )
        return self

    def database_password(self) -> str | None:
        """The password of the database, where a file of it is named."""
        file = self.database_password_file
        what = "password of the database (MENTORING_DATABASE_PASSWORD_FILE)"
        return None if file is None else read_secret(file, what)

    def key_database_password(self) -> str | None:
        """The password of the database of the keys, where a file of it is named."""
        file, setting = self.key_database_password_file, "MENTORING_KEY_DATABASE_PASSWORD_FILE"
        if file is None:
            file, setting = self.database_password_file, "MENTORING_DATABASE_PASSWORD_FILE"
        return (
            None if file is None else read_secret(file, f"password of the database of the keys ({setting})")
        )

    def http_token(self) -> str | None:
        """The bearer token that HTTP demands; none only where nobody but this machine can ask."""
        if self.token_file is not None:
            return read_secret(self.token_file, "bearer token")
        if not is_loopback(self.host):
            raise Invalid(
                f"to listen on {self.host}, beyond loopback, a bearer token is needed: name its file with "
                "--token-file",
                code="token_needed",
            )
        return None

    def secrets_of_hooks(self, providers: Iterable[str]) -> dict[str, str]:
        """The secrets of the providers that have one."""
        files = self.files_of_hooks(providers)
        return {name: read_secret(file, f"secret of the hook {name}") for name, file in files.items()}

    def files_of_hooks(self, providers: Iterable[str]) -> dict[str, Path]:
        """Where these secrets lie. A file that is named as no provider is a slip, and refused."""
        if self.hook_secrets is None:
            return {}
        known = set(providers)
        try:
            # What begins with a dot is how container runtimes swap mounted secrets.
            named = sorted(one.name for one in self.hook_secrets.iterdir() if not one.name.startswith("."))
        except OSError as error:
            raise Invalid(
                f"the folder with the secrets of hooks cannot be read: {self.hook_secrets}: {error.strerror}",
                code="secret_unreadable",
            ) from error
        for name in named:
            if name not in known:
                raise Invalid(
                    f"there is no hook {name}, whose secret lies in {self.hook_secrets}; there are "
                    f"{', '.join(sorted(known))}",
                    code="hook_unknown",
                )
        return {name: self.hook_secrets / name for name in named}

    def nats_token(self) -> str | None:
        """The token that the NATS server demands, where a file of it is named."""
        if self.nats_token_file is not None:
            return read_secret(self.nats_token_file, "token of the NATS server")
        return None


def is_loopback(host: str) -> bool:
    """Whether ``host`` is an address of this machine that no other can reach."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_address(address: str) -> bool:
    """Whether it names a host, and no more than a port and how to speak there."""
    try:
        parts = urlsplit(address if "://" in address else f"nats://{address}")
        whole = parts.netloc and parts.hostname and parts.port != 0 and " " not in parts.netloc
        return (
            bool(whole)
            and parts.scheme in _SCHEMES
            and not (parts.path.strip("/") or parts.query or parts.fragment)
        )
    except ValueError:  # a port that is none
        return False


def read_settings(**given: object) -> Settings:
    """The environment's settings, outdone by what is ``given`` and not None."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        faults = "; ".join(map(_told, error.errors()))
        raise Invalid(f"the settings do not fit: {faults}", code="settings_invalid") from error


def _told(fault: ErrorDetails) -> str:
    """What is wrong with a setting, by its name; where it is of several together, its words name them."""
    said = fault["msg"].removeprefix("Value error, ")  # put before what is ours
    return f"{_variable(fault['loc'])}: {said}" if fault["loc"] else said


def _variable(place: tuple[int | str, ...]) -> str:
    return f"{Settings.model_config.get('env_prefix', '')}{'.'.join(map(str, place)).upper()}"
