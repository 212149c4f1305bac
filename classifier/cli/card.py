"""The card of a model, for people: what it was trained on, how good it is, where it fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from classifier.records import ROLES

if TYPE_CHECKING:
    from classifier.records import ModelInfo, Policy

FILE: Final = "card.md"
CONFUSIONS: Final = 6


def read_card(info: ModelInfo, policy: Policy, folder: Path | None = None) -> str:
    """Return the card beside a model; where none was written yet, one without figures."""
    path = _place(info, folder)
    return path.read_text(encoding="utf-8") if path.is_file() else card(info, policy)


def write_card(info: ModelInfo, policy: Policy, found: dict[str, Any], folder: Path | None = None) -> Path:
    """Write the card of a model with the figures of a report, beside it; return where it is."""
    path = _place(info, folder)
    path.write_text(card(info, policy, found), encoding="utf-8")
    return path


def _place(info: ModelInfo, folder: Path | None) -> Path:
    from classifier.artefact import models_folder

    return (folder or models_folder()) / info.name / FILE


def card(info: ModelInfo, policy: Policy, found: dict[str, Any] | None = None) -> str:
    """Return a card in Markdown, with the figures of a report where there is one."""
    lines = [f"# Model {info.name}", "", f"Id {info.id}, made {info.created}.", "", "## Trained on", "", *_corpus(info)]
    lines += ["", "## Decides", "", *_policy(policy), "", "## How good it is", ""]
    lines += ["Not measured yet: `rolecall evaluate FILE --report DIR`."] if found is None else _figures(found)
    lines += ["", "## Where it fails", "", *_weaknesses(found), "", "## Made with", ""]
    lines += [f"- {name} {version}" for name, version in info.versions.items()]
    return "\n".join(lines) + "\n"


def _corpus(info: ModelInfo) -> Iterator[str]:
    corpus = info.figures.get("corpus", {})
    examples, terms = corpus.get("examples", 0), info.figures.get("terms", 0)
    yield f"{examples} written examples (corpus {info.corpus_hash[:12]}), {terms} terms."
    yield ""
    for role, kinds in corpus.get("roles", {}).items():
        yield f"- {role}: {', '.join(f'{count} of kind {kind}' for kind, count in kinds.items() if count)}"


def _policy(policy: Policy) -> Iterator[str]:
    least = ", ".join(f"{role} {value:.2f}" for role, value in zip(ROLES, policy.min_confidence, strict=True))
    yield f"Policy {policy.name}: answers from these confidences on: {least}; below, `unsure`."
    yield f"At least {policy.min_tokens} words, of which {policy.min_known:.0%} are known."


def _figures(found: dict[str, Any]) -> Iterator[str]:
    plain = found["plain"]
    yield f"On {found['n']} labelled rows of {Path(found['file']).name}; intervals of 95 %."
    yield ""
    yield "| role | rows | precision | recall | F1 |"
    yield "|---|---|---|---|---|"
    for role, row in found["roles"].items():
        yield f"| {role} | {row['n']} | {' | '.join(_interval(row[name]) for name in ('precision', 'recall', 'f1'))} |"
    yield ""
    yield f"Calibration error {_number(plain['ece'])}; {_number(plain['coverage'])} of the rows are decided, of which"
    yield f"{_number(plain['accuracy_decided'])} are right. In scope or not: AUROC {_number(plain['in_scope_auroc'])}."


def _weaknesses(found: dict[str, Any] | None) -> Iterator[str]:
    if found is not None:
        table = found["confusion"]["rows_are_labels"]
        pairs = [(table[i][j], i, j) for i in range(len(ROLES)) for j in range(len(ROLES)) if i != j and table[i][j]]
        for count, label, answer in sorted(pairs, reverse=True)[:CONFUSIONS]:
            yield f"- {count} rows of {ROLES[label]} are answered {ROLES[answer]}"
    yield "- texts in other languages than English are answered `unsure`"
    yield "- an ad that names one role and describes another follows the name"
    yield "- a few words say little: titles alone and tickets of one line are the least sure"


def _interval(share: dict[str, float | None]) -> str:
    return "-" if share["value"] is None else f"{share['value']:.3f} ({share['low']:.3f} to {share['high']:.3f})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
