"""The answer in the words of the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from classifier import ROLES, Policy, Result
from classifier.explain import Explanation, Term
from classifier.records import UNSURE, Role
from classifier.roles import read_roles
from service.page.marks import Run, runs

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

FAMILIES: Final = {
    "ci": "CI and delivery", "iac": "Infrastructure as code", "aws": "AWS", "vcs": "Version control",
    "os": "Operating systems",
}  # fmt: skip
"""What families of tools are called where their id does not say it to everybody."""

TERMS: Final = 6
"""Terms on each side that are shown."""

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
class Duty:
    """A documented responsibility that was found: at which pieces of evidence, and how sure the surest is."""

    id: str
    role: str
    statement: str
    percent: str
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """The phrase in which the text or the title names a role, or another job, as its own."""

    name: str
    phrase: str
    place: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer as it is shown."""

    role: str
    heading: str
    sentence: str
    bars: tuple[Bar, ...]
    conflict: bool
    described: Role | None
    runs: tuple[Run, ...]
    evidence: tuple[Duty, ...]
    duties: tuple[Duty, ...]
    naming: tuple[Named, ...]
    tools: dict[str, tuple[str, ...]]
    otherwise: str
    needed: tuple[str, ...]
    best: str
    second: str
    speaks_for: tuple[str, ...]
    speaks_against: tuple[str, ...]
    empty: bool


def shown(explanation: Explanation, policy: Policy) -> Shown:
    """Return an answer and its reasons in words, the most probable role first."""
    result, change = explanation.result, explanation.change
    ranked = sorted(result.probabilities.items(), key=lambda pair: -pair[1])
    return Shown(
        role=result.role,
        heading="Unsure" if result.role == UNSURE else NAMES[result.role],
        sentence=_sentence(result, policy),
        bars=tuple(Bar(role, NAMES[role], _percent(share)) for role, share in ranked),
        conflict=bool(result.title_conflict),
        described=_described().get(result.best),
        runs=runs(explanation),
        evidence=tuple(_evidence(explanation)),
        duties=tuple(_duties(explanation)),
        naming=tuple(Named(NAMES[item.role], item.phrase, item.place) for item in explanation.naming),
        tools=_tools(explanation),
        otherwise="" if change is None else NAMES[change.role],
        needed=() if change is None else tuple(span.quote for span in change.segments),
        best=NAMES[result.best],
        second=NAMES[result.runner_up],
        speaks_for=_terms([term for term in explanation.terms if term.weight > 0]),
        speaks_against=_terms([term for term in explanation.terms if term.weight < 0]),
        empty=result.reason == "empty",
    )


def _sentence(result: Result, policy: Policy) -> str:
    best, second = NAMES[result.best], NAMES[result.runner_up]
    if result.reason == "ambiguous":
        asked = _percent(policy.min_confidence[ROLES.index(result.best)])
        return (
            f"Unsure, because {UNSURE_BECAUSE['ambiguous']}: the best guess, {best}, "
            f"has {_percent(result.confidence)} % where {asked} % are asked for."
        )
    if result.role == UNSURE:
        because = UNSURE_BECAUSE.get(result.reason, result.reason)
        return f"Unsure, because {because}. The best guess would be {best}."
    cases = min(round(100 * result.confidence), 99)
    return f"Right in about {cases} of 100 such cases. The second guess would be {second}."


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _evidence(explanation: Explanation) -> Iterator[Duty]:
    """Yield each piece of evidence, in the order of the text."""
    for number, item in enumerate(explanation.evidence):
        role = item.responsibility.partition("-")[0]
        yield Duty(item.responsibility, role, item.statement, _percent(item.strength), (number,))


def _duties(explanation: Explanation) -> Iterator[Duty]:
    """Yield each responsibility that was found, the strongest first, with all its places."""
    for name in explanation.result.responsibilities or ():
        places = [number for number, item in enumerate(explanation.evidence) if item.responsibility == name]
        surest = max((explanation.evidence[number] for number in places), key=lambda item: item.strength)
        yield Duty(name, name.partition("-")[0], surest.statement, _percent(surest.strength), tuple(places))


def _tools(explanation: Explanation) -> dict[str, tuple[str, ...]]:
    """Return the names of the tools by family, each once, in the order of the text."""
    families: dict[str, dict[str, None]] = {}
    for tool in explanation.tools:
        family = FAMILIES.get(tool.family, tool.family.replace("_", " ").capitalize())
        families.setdefault(family, {})[tool.name] = None
    return {family: tuple(names) for family, names in families.items()}


def _terms(terms: list[Term]) -> tuple[str, ...]:
    return tuple(f"title: {term.term}" if term.place == "title" else term.term for term in terms[:TERMS])


@cache
def _described() -> dict[str, Role]:
    return {role.id: role for role in read_roles()}
