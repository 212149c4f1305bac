"""``rolecall corpus``: describe and check the corpus, and count facts on one's own texts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from classifier.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from classifier.cli.lint import Checked
    from classifier.cli.rows import Rows

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
    deep: Annotated[bool, typer.Option("--deep", help="Leave out each example in turn: half a minute more.")] = False,
    file: Annotated[
        str | None, typer.Option(help="Name the words of this table that the corpus has never seen; '-' is stdin.")
    ] = None,
    text_column: Annotated[str | None, typer.Option(help="The column of that table's texts.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="How many hints of each kind are shown.")] = 10,
    json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON on one line.")] = False,
) -> None:
    """Check the corpus; exit code 1 where something must be mended.

    With --deep, also: which examples read like another role to all others, which lose most without
    themselves, whose absence would help the others, and which are of nearly the same words. These
    are hints and change no exit code.
    """
    from classifier.cli import lint

    if text_column is not None and file is None:
        raise UsageError("--text-column: needs --file, got none. Name the table: --file FILE")
    rows = None if file is None else read_own(file, text_column)
    checked = check_all(
        folder,
        deep=deep,
        texts=None if rows is None else rows.texts,
        progress=lambda step: typer.echo(f"rolecall: checking: {step}", err=True),
    )
    if json:
        import json as encoder

        typer.echo(encoder.dumps(lint.to_dict(checked, limit, remarks=remarks)))
    else:
        lint.write(checked, limit, remarks=remarks)
    raise typer.Exit(1 if checked.faults or (rows is not None and rows.problems) else 0)


def read_own(file: str, text_column: str | None) -> Rows:
    """Read the user's texts and say on standard error which column they are in and which rows are left out."""
    from classifier.cli.rows import read_texts

    rows = read_texts(file, text_column=text_column, use_title=False)
    typer.echo("\n".join(rows.notes()), err=True)
    return rows


def check_all(
    folder: Path | None, *, deep: bool, texts: Sequence[str] | None, progress: Callable[[str], None]
) -> Checked:
    """Check a corpus by its rules, with ``deep`` example by example, and compare texts with its words."""
    from classifier.cli.lint import Checked
    from classifier.training import read_corpus
    from classifier.training.check import check_corpus

    material = read_corpus(folder)
    found = Checked(material, check_corpus(material))
    if deep:
        from classifier.training.deep import check_deeply

        found = replace(found, deep=check_deeply(material, progress=progress))
    if texts is not None:
        from classifier.training.unseen import unseen_words

        found = replace(found, unseen=unseen_words(material, texts))
    return found


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
