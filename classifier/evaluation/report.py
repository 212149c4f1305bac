"""A report on labelled rows: figures, plots and the wrong answers, as one page, JSON and CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from classifier.errors import OutputError, UsageError
from classifier.evaluation import plots
from classifier.evaluation.compare import compare
from classifier.evaluation.figures import Outcome, figures
from classifier.evaluation.measure import outcome_of
from classifier.evaluation.shares import corrected_shares, decisions
from classifier.evaluation.slices import by_length, by_month, reliability, risk_coverage
from classifier.normalise import blank_markup
from classifier.records import ROLES, UNSURE

if TYPE_CHECKING:
    from classifier.pipeline import Answers, Classifier

WRONG: Final = 20
"""Most confident wrong answers that are shown with their evidence."""
CHANGED: Final = 20
"""Changed answers that are shown where two models are compared."""
QUOTED: Final = 300
"""Characters of a text that are shown."""
TEMPLATE: Final = Path(__file__).with_name("report.html.jinja")


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts whose roles are known; titles and dates where there are any; ``name`` says where they come from."""

    name: str
    texts: Sequence[str]
    labels: Sequence[str]
    titles: Sequence[str] | None = None
    dates: Sequence[str] | None = None


def write_report(
    classifier: Classifier, rows: Labelled, folder: Path, *, against: Classifier | None = None
) -> dict[str, Any]:
    """Measure a classifier, write ``report.html``, ``report.json`` and ``answers.csv``; return the figures.

    ``against`` is an older model to compare with. Raises OutputError where the folder cannot be
    written, UsageError where the extra 'report' is not installed.
    """
    answers, outcome = outcome_of(classifier, rows.texts, rows.labels, rows.titles)
    found = described(outcome, answers, rows)
    if against is not None:
        _, old = outcome_of(against, rows.texts, rows.labels, rows.titles)
        found["against"] = compare(old, outcome) | {"model": against.model.id}
    page = _page(classifier, rows, outcome, found, None if against is None else old)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        (folder / "report.html").write_text(page, encoding="utf-8")
        _write_answers(folder / "answers.csv", rows, outcome, answers)
    except OSError as error:
        raise OutputError(f"{error.filename}: cannot be written ({error.strerror}). Name another folder") from None
    return found


def described(outcome: Outcome, answers: Answers, rows: Labelled) -> dict[str, Any]:
    """Return all figures of a report as JSON-ready values."""
    found = figures(outcome) | {"model": answers.model, "file": rows.name}
    table = decisions(outcome)
    return found | {
        "reliability": reliability(outcome),
        "risk_coverage": risk_coverage(outcome),
        "by_length": by_length(outcome, answers.scores.stats[:, 0]),
        "by_month": [] if rows.dates is None else by_month(outcome, rows.dates),
        "decisions": {"answers": [*ROLES, UNSURE], "rows_are_labels": table.astype(int).tolist()},
        "shares": corrected_shares(table.sum(axis=0), table),
    }


def _write_answers(path: Path, rows: Labelled, outcome: Outcome, answers: Answers) -> None:
    """Write a line for every row: its number, label, answer and probabilities; not its text."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "label", "role", "best", "right", "confidence", *(f"p_{role}" for role in ROLES)])
        for row, label in enumerate(rows.labels):
            result = answers.result(row)
            shares = [f"{share:.6f}" for share in result.probabilities.values()]
            right = str(result.best == label).lower()
            writer.writerow([row + 1, label, result.role, result.best, right, f"{result.confidence:.6f}", *shares])


def _page(classifier: Classifier, rows: Labelled, outcome: Outcome, found: dict[str, Any], old: Outcome | None) -> str:
    try:
        import jinja2
    except ImportError:
        raise UsageError("--report: needs Jinja2, got none. Install it: pip install 'rolecall[report]'") from None
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        found=found,
        model=classifier.info,
        policy=classifier.policy.to_dict(),
        plots=_plots(found),
        wrong=_wrong(classifier, rows, outcome),
        changed=[] if old is None else _changed(rows, outcome, old),
    )


def _plots(found: dict[str, Any]) -> dict[str, str]:
    plain = found["plain"]
    decided = None
    if plain["coverage"] and plain["accuracy_decided"] is not None:
        decided = (plain["coverage"], 1.0 - plain["accuracy_decided"])
    roles = [{"name": role, **row} for role, row in found["roles"].items()]
    drawn = {
        "confusion": plots.confusion(found["confusion"]["rows_are_labels"], found["confusion"]["roles"]),
        "reliability": plots.reliability(found["reliability"]),
        "risk": plots.risk_coverage(found["risk_coverage"], decided),
        "roles": plots.shares(roles, ("precision", "recall", "f1"), "precision, recall and F1, with 95 % intervals"),
        "length": plots.shares(found["by_length"], ("accuracy", "coverage"), "by words of the text"),
    }
    if found["by_month"]:
        drawn["month"] = plots.shares(found["by_month"], ("accuracy", "coverage"), "by month")
    return drawn


def _wrong(classifier: Classifier, rows: Labelled, outcome: Outcome) -> list[dict[str, Any]]:
    """Return the most confident wrong answers with what the model saw in them."""
    confidence = outcome.probabilities.max(axis=1)
    places = [
        row for row in np.argsort(-confidence, kind="stable").tolist() if outcome.best[row] != outcome.labels[row]
    ]
    shown = []
    for row in places[:WRONG]:
        title = None if rows.titles is None else rows.titles[row]
        explanation = classifier.explain(rows.texts[row], title=title)
        shown.append(
            {
                "row": row + 1,
                "label": rows.labels[row],
                "result": explanation.result,
                "title": title or "",
                "text": _shortened(rows.texts[row]),
                "evidence": sorted(explanation.evidence, key=lambda item: -item.strength)[:3],
                "terms": explanation.terms[:6],
                "naming": explanation.naming[:1],
            }
        )
    return shown


def _changed(rows: Labelled, new: Outcome, old: Outcome) -> list[dict[str, Any]]:
    """Return answers that changed, the surest first."""
    confidence = new.probabilities.max(axis=1)
    places = [row for row in np.argsort(-confidence, kind="stable").tolist() if old.best[row] != new.best[row]]
    return [
        {
            "row": row + 1,
            "label": rows.labels[row],
            "old": ROLES[old.best[row]],
            "new": ROLES[new.best[row]],
            "text": _shortened(rows.texts[row]),
        }
        for row in places[:CHANGED]
    ]


def _shortened(text: str) -> str:
    line = " ".join(blank_markup(text).split())
    return line if len(line) <= QUOTED else f"{line[:QUOTED]}..."
