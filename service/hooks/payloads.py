"""What the hooks of GitHub and GitLab send, as far as it is read, and what is made of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from service.schemas import EXAMPLE

GITHUB: Final = "github"
GITLAB: Final = "gitlab"

Kind = Literal["opened", "labels"]
OPENED: Final = "opened"
LABELS: Final = "labels"

_FULL_NAME: Final = r"[A-Za-z0-9_-][A-Za-z0-9_.-]*/\.?[A-Za-z0-9_-][A-Za-z0-9_.-]*"


def _full_name(value: str) -> str:
    """Return the name of a repository, which becomes part of an address, if it is one."""
    if re.fullmatch(_FULL_NAME, value) is None:
        raise PydanticCustomError("full_name", "a name such as owner/repository")
    return value


Number = Annotated[int, Field(ge=1, le=2**53)]
FullName = Annotated[
    str, Field(max_length=300, json_schema_extra={"pattern": f"^{_FULL_NAME}$"}), AfterValidator(_full_name)
]


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to an issue.

    ``repository`` and ``number`` are where the API has it, ``issue`` is its id everywhere.
    ``labels`` are those that it bears when it is opened, or else those that came or went.
    """

    kind: Kind
    repository: str
    issue: str
    number: int
    title: str
    text: str
    labels: tuple[str, ...]


class _Payload(BaseModel):
    """A part of a payload; what else it holds is not read."""

    model_config = ConfigDict(extra="ignore", strict=True, hide_input_in_errors=True)


class GitHubLabel(_Payload):
    """A label."""

    name: str


class GitHubIssue(_Payload):
    """An issue."""

    id: Number
    number: Number
    title: str
    body: str | None = None
    labels: list[GitHubLabel] = []


class GitHubRepository(_Payload):
    """A repository, as owner/name."""

    full_name: FullName


class GitHubIssues(_Payload):
    """The event `issues`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "action": "opened",
                    "issue": {"id": 1, "number": 1, "title": "Error budget is spent", "body": EXAMPLE, "labels": []},
                    "repository": {"full_name": "octo/shop"},
                }
            ]
        }
    )
    action: str
    issue: GitHubIssue
    repository: GitHubRepository
    label: GitHubLabel | None = Field(default=None, description="With `labeled` and `unlabeled`: which.")


class GitLabLabel(_Payload):
    """A label."""

    title: str


class GitLabIssue(_Payload):
    """An issue."""

    id: Number
    iid: Number
    title: str
    description: str | None = None
    action: str | None = Field(default=None, description="What was done; absent in the test of GitLab's settings.")


class GitLabProject(_Payload):
    """A project."""

    id: Number


class GitLabChange(_Payload):
    """The labels before and after."""

    previous: list[GitLabLabel]
    current: list[GitLabLabel]


class GitLabChanges(_Payload):
    """What an update changed."""

    labels: GitLabChange | None = None


class GitLabIssueHook(_Payload):
    """The event `Issue Hook`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "project": {"id": 1},
                    "object_attributes": {
                        "id": 1, "iid": 1, "title": "Error budget is spent", "description": EXAMPLE, "action": "open",
                    },
                    "labels": [],
                }
            ]
        }
    )  # fmt: skip
    project: GitLabProject
    object_attributes: GitLabIssue
    labels: list[GitLabLabel] = []
    changes: GitLabChanges = GitLabChanges()


def read_github(event: str, data: Any) -> Event | None:  # any JSON value
    """Return what a delivery of GitHub tells, None where it is nothing to us; raise ValidationError."""
    if event != "issues":
        return None
    sent = GitHubIssues.model_validate(data)
    issue, repository = sent.issue, sent.repository.full_name
    if sent.action == "opened":
        names = (label.name for label in issue.labels)
        return _event(OPENED, repository, issue.id, issue.number, issue.title, issue.body, names)
    if sent.action in {"labeled", "unlabeled"} and sent.label is not None:
        return _event(LABELS, repository, issue.id, issue.number, issue.title, issue.body, [sent.label.name])
    return None


def read_gitlab(event: str, data: Any) -> Event | None:  # any JSON value
    """Return what a delivery of GitLab tells, None where it is nothing to us; raise ValidationError."""
    if event not in {"Issue Hook", "Confidential Issue Hook"}:
        return None
    sent = GitLabIssueHook.model_validate(data)
    issue, project, changed = sent.object_attributes, str(sent.project.id), sent.changes.labels
    if issue.action == "open":
        return _event(OPENED, project, issue.id, issue.iid, issue.title, issue.description, _titles(sent.labels))
    if issue.action == "update" and changed is not None:
        names = _titles(changed.previous) ^ _titles(changed.current)
        return _event(LABELS, project, issue.id, issue.iid, issue.title, issue.description, names)
    return None


def _event(
    kind: Kind, repository: str, issue: int, number: int, title: str, text: str | None, labels: Iterable[str]
) -> Event:
    return Event(kind, repository, str(issue), number, title, text or "", tuple(labels))


def _titles(labels: Iterable[GitLabLabel]) -> set[str]:
    return {label.title for label in labels}
