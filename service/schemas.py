"""What travels over the wire: requests as they are checked, answers as OpenAPI tells them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from classifier.explain import Change, Evidence, Naming, Term, Tool

EXAMPLE: Final = "Define SLOs, run blameless postmortems and carry the pager for production."
NO_NUL: Final = r"^[^\u0000]*$"


def _whole(value: object) -> object:
    """Return 7.0 as 7: JSON has one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, Field(ge=-(2**53), le=2**53), BeforeValidator(_whole)]
Id = Annotated[str, Field(max_length=200)] | Whole


class Wire(BaseModel):
    """Something that a request holds: no field but those named, no value turned into another type."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class Titled(Wire):
    """A text, with its title where there is one."""

    text: str = Field(description="A job ad, a ticket or a task description; HTML is fine.")
    title: str | None = Field(default=None, description="Its title or subject line.")


class Item(Titled):
    """One text of a list."""

    id: Id | None = Field(default=None, description="Sent back with the answer.")


Explain = Annotated[bool, Query(description="Say why.")]
Policy = Annotated[str | None, Query(max_length=64, description="Decide by this policy; GET /v1/models lists them.")]


class Asked(Wire):
    """How to answer; the query may say it as well."""

    explain: bool = Field(default=False, description="Say why: evidence, terms, names, tools, what would change it.")
    policy: Policy = None


class OneText(Titled, Asked):
    """One text, with its title where there is one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": EXAMPLE},
                {"text": "Join us.", "title": "Platform Engineer"},
                {"text": EXAMPLE, "explain": True},
            ]
        }
    )


class ManyTexts(Asked):
    """A list of texts."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"texts": [EXAMPLE, {"id": 7, "title": "Ticket", "text": "Reset my VPN."}]}]}
    )
    texts: list[str | Item] = Field(description="Strings, or objects with text, title and id.")


class Answer(BaseModel):
    """The answer for one text."""

    id: str | int | None = Field(default=None, description="The id that was sent, where one was.")
    role: Literal["devops", "sre", "platform", "cloud", "none", "unsure"] = Field(description="The decision.")
    best: str = Field(description="The most probable of the five roles, whatever the decision.")
    runner_up: str = Field(description="The second.")
    confidence: float = Field(description="Calibrated probability that `best` is right.")
    probabilities: dict[str, float] = Field(description="Calibrated, by role; they sum to 1.")
    reason: Literal["", "empty", "too_short", "not_english", "unfamiliar", "ambiguous"] = Field(
        description="Why the decision is `unsure`; else empty."
    )
    title_conflict: bool | None = Field(default=None, description="With a title: whether it contradicts the text.")
    model: str = Field(description="Id of the model that answered.")
    error: str = Field(description="Why this text could not be scored; else empty.")


class ContrastOut(BaseModel):
    """Why the best role and not the runner-up: the difference of their log-odds, taken apart without a rest."""

    role: str
    against: str
    difference: float = Field(description="The sum of all that follows.")
    terms: list[Term] = Field(description="The strongest terms, above 0 for `role`, below for `against`.")
    other_terms: float = Field(description="The sum of the other terms.")
    names: dict[str, float] = Field(description="How the text, and the title, name a role or another job; by role.")
    unnamed: float = Field(description="That the text names no role.")
    bias: float


class Explained(Answer):
    """The answer for one text, and why; offsets count characters of the text as it was sent."""

    responsibilities: list[str] = Field(description="Documented responsibilities found, strongest first.")
    evidence: list[Evidence]
    contrast: ContrastOut
    naming: list[Naming]
    tools: list[Tool]
    change: Change | None = Field(description="What would change the answer; null where no few segments decide.")


class Answers(BaseModel):
    """The answers for a list, in its order."""

    results: list[Explained | Answer]
    model: str


class Responsibility(BaseModel):
    """One documented responsibility."""

    id: str
    text: str


class RoleOut(BaseModel):
    """One documented role."""

    id: str
    title: str
    definition: str
    names: list[str]
    neighbours: dict[str, str] = Field(description="What separates it from each of the others.")
    responsibilities: list[Responsibility]


class Roles(BaseModel):
    """The documented roles, in the document's order."""

    roles: list[RoleOut]


class ModelOut(BaseModel):
    """What is known of one model."""

    name: str
    id: str
    created: str
    corpus_hash: str
    active: bool = Field(description="Whether it is the one that answers.")
    policy: dict[str, Any] = Field(description="When it answers `unsure`, if a request names no other.")
    policies: list[str] = Field(description="The policies tuned for it, by the names that requests may give.")


class Models(BaseModel):
    """The models on disk."""

    models: list[ModelOut]


class Summary(BaseModel):
    """What came out of a table."""

    rows: int
    errors: int
    roles: dict[str, int]
    unsure: dict[str, int]


class JobOut(BaseModel):
    """A table that is scored in the background."""

    id: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    created: datetime
    started: datetime | None = None
    finished: datetime | None = None
    rows: int = Field(description="Rows that are written.")
    progress: float = Field(description="0 to 1: the share of the table that is read.")
    summary: Summary | None = Field(default=None, description="At the end: counts of rows, errors, roles, reasons.")
    problem: str | None = Field(default=None, description="Why it failed.")
    model: str
    result: str | None = Field(default=None, description="Where the scored table is, once it is done.")


class Jobs(BaseModel):
    """Jobs, the newest first."""

    jobs: list[JobOut]


class Excerpt(BaseModel):
    """Some rows of a scored table, their values cut where they are long."""

    rows: list[dict[str, Any]]


Decision = Literal["devops", "sre", "platform", "cloud", "none"]

Proposed = Literal["devops", "sre", "platform", "cloud", "none", "unsure"]


class FeedbackIn(Wire):
    """What a person says of an answer."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"proposed": "devops", "final": "sre", "text": EXAMPLE, "who": "ana"}]}
    )
    proposed: Proposed = Field(description="The role that was answered.")
    final: Decision = Field(description="The role that it really is.")
    text: str | None = Field(default=None, description="The text; kept only where the service is set to keep texts.")
    title: str | None = Field(default=None, description="Its title, likewise.")
    who: str = Field(default="", max_length=200, pattern=NO_NUL, description="Who says so.")
    model: str = Field(default="", max_length=64, pattern=NO_NUL, description="The model that answered.")
    reference: str = Field(default="", max_length=200, pattern=NO_NUL, description="An address or id of the text.")


class FeedbackOut(BaseModel):
    """What was kept."""

    id: str
    created: datetime
    text_kept: bool


class Fault(BaseModel):
    """One thing wrong with a request."""

    where: str
    allowed: str
    got: str


class ProblemOut(BaseModel):
    """A refusal (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[Fault] | None = None
    more_errors: int | None = None
