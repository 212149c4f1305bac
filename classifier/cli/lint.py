"""What ``rolecall corpus check`` found, for people at a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from classifier.cli.reasons import STYLES, plain

if TYPE_CHECKING:
    from classifier.training import Corpus, Example
    from classifier.training.check import Finding
    from classifier.training.deep import Close, Deep, Doubt, Influence
    from classifier.training.unseen import Unseen

QUOTED: Final = 160
"""Characters of a text that are shown."""
TITLE: Final = "bold"

Line = tuple[str, str]
"""What is said, and its style."""


@dataclass(frozen=True, slots=True)
class Checked:
    """All that was found: by the rules, with ``--deep`` by leaving out each example, with ``--file`` unseen words."""

    corpus: Corpus
    findings: Sequence[Finding]
    deep: Deep | None = None
    unseen: Unseen | None = None

    @property
    def faults(self) -> int:
        """How many findings must be mended."""
        return sum(finding.fault for finding in self.findings)


def verdict(checked: Checked) -> str:
    """Return one line that sums up a check."""
    faults = checked.faults
    remarks = len(checked.findings) - faults
    said = f"{len(checked.corpus.examples)} examples: {faults} faults, {remarks} remarks"
    return said if faults else f"{said}. The corpus is good"


def write(checked: Checked, limit: int, *, remarks: bool = True) -> None:
    """Write to standard output what was found; in colour where that is a terminal, and never cut to its width."""
    import sys

    from rich.console import Console

    console = Console(file=sys.stdout, highlight=False, emoji=False, markup=False)
    for said, style in lines(checked, limit, remarks=remarks):
        console.print(said, style=style or None, soft_wrap=True)


def lines(checked: Checked, limit: int, *, remarks: bool = True) -> Iterator[Line]:
    """Yield faults, remarks, hints by list and no more than ``limit`` of each, and the verdict."""
    for finding in checked.findings:
        if finding.fault or remarks:
            yield f"{'fault' if finding.fault else 'remark'}: {finding}", "red" if finding.fault else ""
    if checked.deep is not None:
        yield from _deep(checked.deep, limit)
    if checked.unseen is not None:
        yield from _unseen(checked.unseen, limit)
    yield verdict(checked), TITLE


def _deep(deep: Deep, limit: int) -> Iterator[Line]:
    doubtful, close = deep.doubtful, deep.close
    own, others = most(deep, limit)
    yield _title("examples that read like another role to all others", len(doubtful), limit), TITLE
    for doubt in doubtful[:limit]:
        yield from _doubt(doubt)
    yield _title("examples that lose most without themselves", len(deep.influences), limit), TITLE
    for influence in own:
        yield from _influence(influence)
    yield _title("examples whose absence would help the others most", len(deep.influences), limit), TITLE
    for influence in others:
        yield from _influence(influence)
    yield _title("groups of nearly the same words", len(close), limit), TITLE
    for group in close[:limit]:
        yield from _group(group)


def _title(what: str, found: int, limit: int) -> str:
    return f"{what}: {found}" + (f", the first {limit}" if found > limit else "")


def _doubt(doubt: Doubt) -> Iterator[Line]:
    yield from _influence(doubt.influence)
    near = doubt.near
    yield f"    nearest of {near.role} ({doubt.likeness:.2f}): {near.place}: {_quote(near)}", STYLES[near.role]


def _influence(influence: Influence) -> Iterator[Line]:
    example = influence.example
    yield f"  {example.place}: {_quote(example)}", STYLES[example.role]
    shares = f"{example.role} {influence.seen:.1%} with it, {influence.unseen:.1%} without"
    instead = f"then {influence.instead} {influence.probability:.1%}"
    yield f"    {shares}; {instead}; loss without it: own {influence.own:+.2f}, others {influence.others:+.2f}", ""


def _group(group: Close) -> Iterator[Line]:
    yield f"  likeness {group.likeness:.2f}, {' and '.join(group.roles)}", ""
    for example in group.examples:
        yield f"    {example.place}: {_quote(example)}", STYLES[example.role]


def _quote(example: Example) -> str:
    said = plain(example.text)
    return said if len(said) <= QUOTED else f"{said[: QUOTED - 3]}..."


def _unseen(unseen: Unseen, limit: int) -> Iterator[Line]:
    yield (
        (
            f"{unseen.share:.1%} of {unseen.running} words in {unseen.texts} texts are in the corpus; "
            f"{unseen.strange} texts have more that are not"
        ),
        "",
    )
    yield _title("words that the corpus has never seen", len(unseen.words), limit), TITLE
    for word in unseen.words[:limit]:
        yield f"  {word.word:<24} {word.count:>6} times in {word.texts} texts", ""


def most(deep: Deep, limit: int) -> tuple[list[Influence], list[Influence]]:
    """Return the examples that lose most without themselves, and those whose absence helps the others most."""
    own = sorted(deep.influences, key=lambda each: -each.own)
    others = sorted(deep.influences, key=lambda each: each.others)
    return own[:limit], others[:limit]


def to_dict(checked: Checked, limit: int, *, remarks: bool = True) -> dict[str, Any]:
    """Return what was found as plain values; of each list of hints no more than ``limit``."""
    findings = [asdict(finding) for finding in checked.findings if finding.fault or remarks]
    found: dict[str, Any] = {
        "corpus": checked.corpus.hash,
        "examples": len(checked.corpus.examples),
        "faults": checked.faults,
        "remarks": len(checked.findings) - checked.faults,
        "findings": findings,
    }
    if checked.deep is not None:
        found["deep"] = _deep_dict(checked.deep, limit)
    if checked.unseen is not None:
        unseen = checked.unseen
        words = [asdict(word) for word in unseen.words[:limit]]
        counts = {"texts": unseen.texts, "running": unseen.running, "seen": unseen.seen, "strange": unseen.strange}
        found["unseen"] = {**counts, "share": unseen.share, "words": {"found": len(unseen.words), "first": words}}
    return found


def _deep_dict(deep: Deep, limit: int) -> dict[str, Any]:
    own, others = most(deep, limit)
    lists: dict[str, tuple[int, Sequence[Any]]] = {
        "doubtful": (len(deep.doubtful), [_doubt_dict(doubt) for doubt in deep.doubtful[:limit]]),
        "own": (len(deep.influences), [_influence_dict(each) for each in own]),
        "others": (len(deep.influences), [_influence_dict(each) for each in others]),
        "close": (len(deep.close), [asdict(group) for group in deep.close[:limit]]),
    }
    return {name: {"found": count, "first": first} for name, (count, first) in lists.items()}


def _influence_dict(influence: Influence) -> dict[str, Any]:
    return asdict(influence) | {"own": influence.own}


def _doubt_dict(doubt: Doubt) -> dict[str, Any]:
    return asdict(doubt) | {"influence": _influence_dict(doubt.influence)}
