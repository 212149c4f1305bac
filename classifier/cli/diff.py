"""Two models on the same texts: which answers differ, and which words make the difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from classifier.cli.rows import Rows
    from classifier.pipeline import Classifier

TERMS: Final = 5
QUOTED: Final = 80


def lines(old: Classifier, new: Classifier, rows: Rows, limit: int) -> Iterator[str]:
    """Yield how many answers differ, from what to what, and the first of them with the new model's reasons."""
    before = old.classify_many(rows.texts, titles=rows.titles)
    after = new.classify_many(rows.texts, titles=rows.titles)
    changed = [row for row, (one, two) in enumerate(zip(before, after, strict=True)) if one.role != two.role]
    yield f"{len(changed)} of {len(before)} answers differ between {old.model.id} and {new.model.id}"
    moves = Counter(f"{before[row].role} to {after[row].role}" for row in changed)
    yield from (f"  {move}: {count}" for move, count in moves.most_common())
    for row in changed[:limit]:
        one, two = before[row], after[row]
        said = " ".join(rows.texts[row].split())
        shown = said if len(said) <= QUOTED else f"{said[: QUOTED - 3]}..."
        why = f" ({two.reason})" if two.reason else ""
        yield f"row {row + 1}: {one.role} ({one.confidence:.2f}) to {two.role} ({two.confidence:.2f}){why}: {shown}"
        title = None if rows.titles is None else rows.titles[row]
        yield f"  {_words(new, rows.texts[row], title, two.best, one.best if one.best != two.best else two.runner_up)}"


def _words(classifier: Classifier, text: str, title: str | None, role: str, against: str) -> str:
    """Say which words the new model weighs most between two roles."""
    found = classifier.contrast(text, title=title, role=role, against=against)
    terms = ", ".join(f"{term.term} {term.weight:+.2f}" for term in found.terms[:TERMS])
    names = "".join(f", naming {name} {weight:+.2f}" for name, weight in found.names.items())
    return f"{role} against {against}, {found.difference:+.2f}: {terms or 'no known words'}{names}"
