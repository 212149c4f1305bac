"""What is said of a delivery over the wire."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from service.hooks.deliveries import Outcome


class _Told(BaseModel):
    """What is said to the system and to the operator alike."""

    id: str | None = Field(default=None, description="Id of what was written down; absent where nothing was.")
    outcome: Outcome = Field(description="What came of it until now.")
    role: str | None = Field(default=None, description="The decision for an issue that was opened.")
    confidence: float | None = Field(default=None, description="Calibrated probability that the best role is right.")
    label: str | None = Field(default=None, description="The label of the decision, where it has one.")


class HookOut(_Told):
    """What comes of a delivery."""

    repeated: bool = Field(default=False, description="Whether it had come before; then this is what came of it.")


class DeliveryOut(_Told):
    """A delivery as the operator sees it."""

    system: str = Field(description="`github` or `gitlab`.")
    repository: str = Field(description="owner/name on GitHub, the id of the project on GitLab.")
    number: int = Field(description="Number of the issue there.")
    created: datetime
    attempts: int = Field(description="Times that the label was tried to be set.")
    problem: str | None = Field(default=None, description="Why the last attempt failed.")
    model: str | None = None


class Deliveries(BaseModel):
    """Deliveries, the newest first."""

    deliveries: list[DeliveryOut]
