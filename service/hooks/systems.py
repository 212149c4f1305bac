"""The APIs of GitHub and GitLab, as far as labels of issues go; the only door to httpx."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from classifier import UsageError, __version__
from service.hooks.payloads import GITHUB, GITLAB, GitHubLabel
from service.settings import Settings

T = TypeVar("T")

PAGE: Final = 100
"""Events of one answer, the most that both systems give."""
LONGEST: Final = 86_400.0
"""Seconds that a system is waited for at most, whatever it says."""
LIMITED: Final = 60.0
"""Seconds to wait for a system that names a limit and no time: what GitHub asks for."""


class Unavailable(Exception):
    """The system cannot answer now; ``wait`` is for how many seconds, where it said that."""

    def __init__(self, problem: str, wait: float | None = None) -> None:
        """Take what is wrong, in words that quote nothing."""
        super().__init__(problem)
        self.wait = wait


class Refused(Exception):
    """The system will not do it, however often it is asked."""


class _GitHubIssue(BaseModel):
    labels: list[GitHubLabel | str]


class _GitLabIssue(BaseModel):
    labels: list[str]


class _Named(BaseModel):
    name: str


class _LabelEvent(BaseModel):
    """An event of an issue; ``label`` is absent from other events, and null where the label was deleted."""

    label: _Named | None = None


_GITHUB_ISSUE: Final = TypeAdapter(_GitHubIssue)
_GITLAB_ISSUE: Final = TypeAdapter(_GitLabIssue)
_EVENTS: Final = TypeAdapter(list[_LabelEvent])


class System:
    """One of the systems. Every call raises Unavailable or Refused where it fails."""

    def __init__(self, base: str, headers: dict[str, str], seconds: float) -> None:
        """Ask the API at an address, waiting this long for its answers."""
        ours = {"User-Agent": f"rolecall/{__version__}"}
        self._client = httpx.Client(base_url=base, headers=headers | ours, timeout=seconds)

    def labels(self, repository: str, number: int) -> Iterator[str]:
        """Yield the labels that an issue bears, then those that it ever got or lost."""
        raise NotImplementedError

    def add(self, repository: str, number: int, label: str) -> None:
        """Add a label to an issue and leave its others."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of all connections."""
        self._client.close()

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            response = self._client.request(method, path, **more)
        except httpx.RequestError as error:
            raise Unavailable(f"{method} {path}: no answer ({type(error).__name__})") from None
        if response.is_success:
            return response
        said = f"{method} {path}: answered {response.status_code}"
        wait = told_to_wait(response)
        if wait is not None or response.status_code in {408, 425, 429} or response.status_code >= 500:
            raise Unavailable(said, wait)
        raise Refused(said)

    def _read(self, adapter: TypeAdapter[T], path: str, **more: Any) -> T:
        response = self._ask("GET", path, **more)
        try:
            return adapter.validate_json(response.content)
        except ValidationError:
            raise Unavailable(f"GET {path}: answered something else than the API does") from None

    def _history(self, path: str) -> Iterator[str]:
        """Yield the labels of the events of an issue, page by page."""
        page, size = 1, PAGE
        while size == PAGE:
            events = self._read(_EVENTS, path, params={"per_page": PAGE, "page": page})
            yield from (event.label.name for event in events if event.label is not None)
            page, size = page + 1, len(events)


class GitHub(System):
    """GitHub's API: https://docs.github.com/en/rest/issues."""

    def __init__(self, base: str, token: str, seconds: float) -> None:
        """Ask with a token that may read and write issues."""
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        super().__init__(base, headers | {"Authorization": f"Bearer {token}"}, seconds)

    def labels(self, repository: str, number: int) -> Iterator[str]:
        """Yield the labels that an issue bears, then those that it ever got or lost."""
        path = f"/repos/{repository}/issues/{number}"
        for label in self._read(_GITHUB_ISSUE, path).labels:
            yield label if isinstance(label, str) else label.name
        yield from self._history(f"{path}/events")

    def add(self, repository: str, number: int, label: str) -> None:
        """Add a label to an issue and leave its others."""
        self._ask("POST", f"/repos/{repository}/issues/{number}/labels", json={"labels": [label]})


class GitLab(System):
    """GitLab's API: https://docs.gitlab.com/api/issues."""

    def __init__(self, base: str, token: str, seconds: float) -> None:
        """Ask with a token of the scope ``api``."""
        super().__init__(base, {"PRIVATE-TOKEN": token}, seconds)

    def labels(self, repository: str, number: int) -> Iterator[str]:
        """Yield the labels that an issue bears, then those that it ever got or lost."""
        path = f"/projects/{repository}/issues/{number}"
        yield from self._read(_GITLAB_ISSUE, path).labels
        yield from self._history(f"{path}/resource_label_events")

    def add(self, repository: str, number: int, label: str) -> None:
        """Add a label to an issue and leave its others."""
        self._ask("PUT", f"/projects/{repository}/issues/{number}", json={"add_labels": label})


def told_to_wait(response: httpx.Response) -> float | None:
    """Return for how many seconds a refusal says not to ask again; None where it says nothing of that.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api: ``Retry-After``,
    else the time of the reset where nothing remains, else a minute. GitLab has the same headers
    without their ``X-``.
    """
    headers = response.headers
    if after := headers.get("retry-after"):
        return _within(float(after) if after.isdecimal() else _until(after))
    for prefix in ("x-ratelimit", "ratelimit"):
        reset = headers.get(f"{prefix}-reset", "")
        if headers.get(f"{prefix}-remaining") == "0" and reset.isdecimal():
            return _within(float(reset) - time.time())
    limited = response.status_code == 403 and "rate limit" in response.text.lower()
    return LIMITED if limited else None


def _until(moment: str) -> float:
    """Return the seconds until a date of HTTP; a minute where it is none."""
    try:
        return (parsedate_to_datetime(moment) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return LIMITED


def _within(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST)


def check(settings: Settings) -> None:
    """Raise UsageError where a hook is to set labels and has no token for it, or a token or address is unusable."""
    for name, secret, token, base in _told(settings):
        variable = f"ROLECALL_{name.upper()}"
        if secret and not token and not settings.hooks_dry_run:
            raise UsageError(f"{variable}_TOKEN: must hold a token, got nothing. Set it or ROLECALL_HOOKS_DRY_RUN=true")
        if token and re.fullmatch(r"[!-~]+", token) is None:
            raise UsageError(f"{variable}_TOKEN: must be ASCII without spaces and line ends, got others. Correct it")
        if not _usable(base):
            allowed = "an address such as https://host/api"
            raise UsageError(f"{variable}_API: must be {allowed}, got {base[:60]!r}. Correct or unset it")


def _usable(base: str) -> bool:
    try:
        address = httpx.URL(base)
    except httpx.InvalidURL:
        return False
    return address.scheme in {"http", "https"} and bool(address.host)


def open_systems(settings: Settings) -> dict[str, System]:
    """Return the systems in which labels are to be set: none in a dry run."""
    check(settings)
    kinds = {GITHUB: GitHub, GITLAB: GitLab}
    return {
        name: kinds[name](base, token, settings.hooks_seconds)
        for name, secret, token, base in _told(settings)
        if secret and not settings.hooks_dry_run
    }


def _told(settings: Settings) -> tuple[tuple[str, str, str, str], ...]:
    return (
        (GITHUB, settings.github_secret, settings.github_token, settings.github_api),
        (GITLAB, settings.gitlab_secret, settings.gitlab_token, settings.gitlab_api),
    )
