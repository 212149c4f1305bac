"""``rolecall corpus``: describe and check the corpus, and count facts on one's own texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from classifier.training.check import Finding

app = typer.Typer(rich_markup_mode=None)

Folder = Annotated[Path | None, typer.Option("--corpus", help="Another corpus folder than the shipped one.")]


@app.callback(invoke_without_command=True)
def corpus(context: typer.Context, folder: Folder = None) -> None:
    """Say what is in the corpus."""
    if context.invoked_subcommand is not None:
        return
    from classifier.training import read_corpus
    from classifier.training.corpus import describe

    typer.echo(as_lines(describe(read_corpus(folder))))


@app.command()
def check(
    folder: Folder = None,
    remarks: Annotated[bool, typer.Option(help="Print what only a person can judge, too.")] = True,
) -> None:
    """Check the corpus; exit code 1 where something must be mended."""
    from classifier.training import read_corpus
    from classifier.training.check import check_corpus

    material = read_corpus(folder)
    findings = check_corpus(material)
    for finding in findings:
        if finding.fault or remarks:
            typer.echo(f"{'fault' if finding.fault else 'remark'}: {finding}")
    typer.echo(verdict(findings, len(material.examples)))
    raise typer.Exit(1 if any(finding.fault for finding in findings) else 0)


@app.command()
def show(
    responsibility: Annotated[str, typer.Argument(help="Its id, such as sre-2.")],
    folder: Folder = None,
    examples: Annotated[int, typer.Option(min=0, help="How many examples are shown.")] = 5,
    model: Annotated[str | None, typer.Option(help="Take the terms of this model instead of the current one.")] = None,
) -> None:
    """Print a documented responsibility, some of its examples, and the terms that speak for it."""
    from classifier import load
    from classifier.cli.shown import lines
    from classifier.training import read_corpus

    for line in lines(read_corpus(folder), load(model).model, responsibility, examples):
        typer.echo(line)


@app.command()
def count(
    file: Annotated[str, typer.Argument(help="A table of labelled real ads; '-' is standard input.")],
    folder: Folder = None,
    text_column: Annotated[str | None, typer.Option(help="The column of the texts.")] = None,
    label_column: Annotated[str | None, typer.Option(help="The column of the roles.")] = None,
    fold: Annotated[str | None, typer.Option(help="Count only the rows whose column 'fold' holds this.")] = None,
    least: Annotated[int, typer.Option(min=5, help="Texts that must hold a term for it to be kept.")] = 15,
) -> None:
    """Count terms and surroundings of role names on real texts, into the corpus' facts."""
    from classifier.cli.rows import read_rows

    rows = read_rows(file, label_column=label_column, text_column=text_column, fold=fold, groups=True)
    typer.echo("\n".join(rows.notes()), err=True)
    for line in count_facts(rows.texts, rows.labels, folder, least):
        typer.echo(line)
    raise typer.Exit(1 if rows.problems else 0)


def count_facts(texts: Sequence[str], labels: Sequence[str], folder: Path | None, least: int) -> list[str]:
    """Count facts on labelled texts, write them to ``facts/`` of a corpus and say what was kept."""
    from collections import Counter

    from classifier.roles import corpus_folder
    from classifier.training import read_corpus
    from classifier.training.facts import MIN_EMPLOYERS, Labelled, count_cues, count_terms, write_counts

    root = folder or corpus_folder()
    material = read_corpus(root)
    rows = [Labelled(text, label) for text, label in zip(texts, labels, strict=True)]
    classes, terms = count_terms(rows, material, least)
    cues = count_cues(rows, material, MIN_EMPLOYERS)
    (root / "facts").mkdir(exist_ok=True)
    write_counts(root / "facts" / "terms.csv", classes, terms)
    write_counts(root / "facts" / "naming.csv", ["own", "other"], cues)
    counted = Counter(labels)
    return [
        f"counted {len(rows)} texts: {', '.join(f'{counted[label]} {label}' for label in classes)}",
        f"terms: {root / 'facts' / 'terms.csv'}, {len(terms)} rows",
        f"surroundings of role names: {root / 'facts' / 'naming.csv'}, {len(cues)} rows",
    ]


def as_lines(described: dict[str, Any]) -> str:
    """Return the counts of a corpus as tables for people to read."""
    kinds = list(dict.fromkeys(kind for counts in described["roles"].values() for kind in counts))
    lines = [
        f"corpus {described['hash'][:12]}, {described['examples']} examples",
        "",
        f"{'role':<10}" + "".join(f"{kind:>10}" for kind in kinds) + f"{'all':>10}",
    ]
    for role, counts in described["roles"].items():
        cells = [*(counts.get(kind, 0) for kind in kinds), sum(counts.values())]
        lines.append(f"{role:<10}" + "".join(f"{cell:>10}" for cell in cells))
    groups = described["none_groups"]
    if groups:
        lines += ["", "groups of none: " + ", ".join(f"{name} {size}" for name, size in groups.items())]
    lines += ["", "responsibilities:"]
    by_role: dict[str, list[str]] = {}
    for name, size in described["responsibilities"].items():
        by_role.setdefault(name.split("-")[0], []).append(f"{name} {size}")
    lines += [f"  {', '.join(cells)}" for cells in by_role.values()]
    facts = described["facts"]
    return "\n".join([*lines, "", f"facts: {facts['terms']} terms, {facts['cues']} surroundings of role names"])


def verdict(findings: Sequence[Finding], examples: int) -> str:
    """Return one line that sums up a check."""
    faults = sum(finding.fault for finding in findings)
    said = f"{examples} examples: {faults} faults, {len(findings) - faults} remarks"
    return said if faults else f"{said}. The corpus is good"
