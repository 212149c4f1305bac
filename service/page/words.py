"""The answer in the words of the page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from classifier import Result
from classifier.records import UNSURE, Role
from classifier.roles import read_roles

NAMES: Final = {"devops": "DevOps", "sre": "SRE", "platform": "Platform", "cloud": "Cloud", "none": "None of these"}
"""What the roles are called on the page."""

UNSURE_BECAUSE: Final = {
    "empty": "there are no words in it",
    "too_short": "it is too short to tell",
    "not_english": "it does not seem to be English, which is all that the model reads",
    "unfamiliar": "the model knows too few of its words",
    "ambiguous": "no role is probable enough",
}
"""Why the answer is ``unsure``, by reason."""

EXAMPLES: Final = (
    (
        "an ad",
        "Platform Engineer. You build our internal developer platform: golden paths, a service catalogue and "
        "self-service environments on Kubernetes, so that forty product teams ship without waiting for anyone. "
        "You treat the platform as a product and its developers as customers.",
    ),
    (
        "a ticket",
        "Checkout error budget is 80 % burnt after last night's outage. Write the postmortem, tune the latency "
        "alerts and agree with the team on what stops shipping until the SLO holds again.",
    ),
    ("something else", "We are looking for a nurse for the night shift on our children's ward. Training is given."),
)
"""Texts to try the page with."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One probability as it is drawn."""

    role: str
    name: str
    percent: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer as it is shown."""

    role: str
    heading: str
    sentence: str
    bars: tuple[Bar, ...]
    conflict: bool
    described: Role | None


def shown(result: Result) -> Shown:
    """Return an answer in words, the most probable role first."""
    ranked = sorted(result.probabilities.items(), key=lambda pair: -pair[1])
    return Shown(
        role=result.role,
        heading="Unsure" if result.role == UNSURE else NAMES[result.role],
        sentence=_sentence(result),
        bars=tuple(Bar(role, NAMES[role], f"{100 * share:.1f}") for role, share in ranked),
        conflict=bool(result.title_conflict),
        described=_described().get(result.best),
    )


def _sentence(result: Result) -> str:
    if result.role == UNSURE:
        because = UNSURE_BECAUSE.get(result.reason, result.reason)
        return f"Unsure, because {because}. The best guess would be {NAMES[result.best]}."
    cases = min(round(100 * result.confidence), 99)
    second = NAMES[result.runner_up]
    return f"Right in about {cases} of 100 such cases. The second guess would be {second}."


@cache
def _described() -> dict[str, Role]:
    return {role.id: role for role in read_roles()}
