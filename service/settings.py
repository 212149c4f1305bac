"""The settings of the service, read once at the edge: environment, then file, then these defaults."""

from __future__ import annotations

import json
import os
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from classifier import UsageError

PREFIX: Final = "ROLECALL_"
FILE: Final = "ROLECALL_SETTINGS"
"""The environment variable that names a file of further settings, one ``ROLECALL_NAME=value`` a line."""

UNPROTECTED: Final = "anyone may use this"


class Settings(BaseSettings):
    """What can be set, as ``ROLECALL_`` and the name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True)

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(default=1, ge=1, le=64, description="Processes that answer; they share one model in memory.")
    model: str | None = Field(default=None, description="Model to answer with; else the one switched to.")
    policy: str | None = Field(
        default=None, description="Policy that decides where a request names none; else the model's."
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(), description="Host names that requests may use (JSON list); on loopback its names, elsewhere any."
    )
    unprotected: Literal["", "anyone may use this"] = Field(
        default="", description="With these words, listens beyond loopback without keys."
    )
    data: Path | None = Field(default=None, description="Folder of the database and of the files of jobs.")
    database: str = Field(default="", description="URL of a PostgreSQL database; else SQLite in the data folder.")
    rate: str = Field(default="", description="Requests of one key or address, such as '600/minute'; else any.")
    quota: str = Field(default="", description="Texts of one key, such as '1000000/day'; else any.")
    limits_storage: str = Field(
        default="memory://", description="Where limits are counted: in each process, or redis://host:6379."
    )
    max_body: int = Field(default=16 << 20, ge=1024, description="Bytes of a JSON body.")
    max_texts: int = Field(default=1000, ge=1, description="Texts in one list.")
    max_explained: int = Field(default=100, ge=1, description="Texts in one list that is explained.")
    max_text: int = Field(default=1_000_000, ge=1, description="Characters of one text, and of one title.")
    max_upload: int = Field(default=256 << 20, ge=1024, description="Bytes of a file that is sent.")
    max_unpacked: int = Field(default=1 << 30, ge=1024, description="Bytes of a compressed file, unpacked.")
    max_jobs: int = Field(default=100, ge=1, description="Jobs of one key that may wait.")
    job_workers: int = Field(default=1, ge=0, le=16, description="Processes that do jobs; 0 leaves them to others.")
    job_hours: float = Field(default=24.0, gt=0, description="Hours for which the files of an ended job are kept.")
    keep_texts_days: int = Field(default=0, ge=0, description="Days to keep texts of feedback; 0 for not at all.")
    github_secret: str = Field(default="", repr=False, description="Secret of GitHub's hook; else there is none.")
    github_token: str = Field(default="", repr=False, description="Token with which labels are set on GitHub.")
    github_api: str = Field(default="https://api.github.com", description="Address of GitHub's API.")
    gitlab_secret: str = Field(default="", repr=False, description="Secret of GitLab's hook; else there is none.")
    gitlab_token: str = Field(default="", repr=False, description="Token with which labels are set on GitLab.")
    gitlab_api: str = Field(default="https://gitlab.com/api/v4", description="Address of GitLab's API.")
    hooks_dry_run: bool = Field(default=True, description="Whether hooks only say which label they would set.")
    hooks_label_prefix: str = Field(
        default="role: ", pattern=r"\S", max_length=30, description="What the labels of hooks begin with."
    )
    hooks_attempts: int = Field(default=12, ge=1, le=100, description="Times that a label is tried to be set.")
    hooks_backoff: float = Field(
        default=5.0, gt=0, description="Seconds before the second attempt; twice as many before each further one."
    )
    hooks_keep_days: float = Field(
        default=90.0, gt=0, description="Days for which deliveries of hooks are kept after they ended."
    )
    hooks_seconds: float = Field(default=10.0, gt=0, description="Seconds to wait for GitHub or GitLab.")
    max_tables: int = Field(default=4, ge=1, le=64, description="Tables that are scored at the same time.")
    body_seconds: float = Field(default=30.0, gt=0, description="Seconds in which a JSON body must have come.")
    idle_seconds: float = Field(default=20.0, gt=0, description="Seconds to wait for the next piece of a file.")
    shutdown_seconds: float = Field(default=20.0, gt=0, description="Seconds for running requests to end.")
    max_connections: int = Field(default=1000, ge=1, description="Connections of one process; more get a 503.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is logged."
    )

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def hosts(self) -> frozenset[str]:
        """The host names that requests may use; empty for any."""
        if self.allowed_hosts or not self.loopback:
            return frozenset(name.lower() for name in self.allowed_hosts)
        return frozenset({"localhost", "127.0.0.1", "[::1]", self.host.lower()})

    @property
    def data_folder(self) -> Path:
        """Where the database and the files of jobs are: the user's data folder if none is named."""
        if self.data is not None:
            return self.data
        base = os.environ.get("XDG_DATA_HOME")
        return (Path(base) if base else Path.home() / ".local" / "share") / "rolecall" / "service"

    @property
    def database_url(self) -> str:
        """The URL of the database."""
        return self.database or f"sqlite:///{self.data_folder / 'rolecall.db'}"

    def environment(self) -> dict[str, str]:
        """Return the environment variables that make the same settings in another process."""
        values = self.model_dump(mode="json", exclude_unset=True)
        return {
            PREFIX + name.upper(): value if isinstance(value, str) else _as_variable(value)
            for name, value in values.items()
            if value is not None
        }


def _as_variable(value: object) -> str:
    return json.dumps(value)


def read_settings(**chosen: object) -> Settings:
    """Read the settings; what is given here comes before the environment and the file.

    Raises UsageError, which names the variable, what is allowed and what it holds.
    """
    file = os.environ.get(FILE)
    if file and not Path(file).is_file():
        raise UsageError(f"{FILE}: must name a file of settings, got {file!r}. Correct or unset it")
    values: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
    try:
        return Settings(_env_file=file, **values)  # type: ignore[call-arg]  # an argument of the library that it hides
    except (ValidationError, SettingsError) as error:
        raise UsageError(_wrong(error)) from None


def _wrong(error: ValidationError | SettingsError) -> str:
    if isinstance(error, SettingsError):
        return f"settings: {error}. Write lists as JSON"
    first = error.errors()[0]
    name = PREFIX + str(first["loc"][0]).upper()
    return f"{name}: {first['msg']}, got {str(first['input'])[:60]!r}. Correct it"
