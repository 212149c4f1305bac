"""``rolecall score``: a table in, the same rows with our columns out."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from classifier.pipeline import Classifier
    from classifier.tables import Options, Tally

SOME_FAILED: Final = 1
"""Exit code where some rows could not be scored."""


def score(
    source: Annotated[str, typer.Argument(metavar="IN", help="The table; '-' is standard input.")],
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="OUT", help="Where to write; '-' is standard output. [beside IN]"),
    ] = None,
    text_column: Annotated[str | None, typer.Option(metavar="C", help="Column of texts, by name or number.")] = None,
    title_column: Annotated[str | None, typer.Option(metavar="C", help="Column of titles.")] = None,
    no_title: Annotated[bool, typer.Option("--no-title", help="Use no titles.")] = False,
    id_column: Annotated[str | None, typer.Option(metavar="C", help="Column that names a row that fails.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="csv, tsv, jsonl, parquet or xlsx.")] = None,
    to: Annotated[str | None, typer.Option(help="csv, tsv, jsonl, parquet or xlsx.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Of a CSV: one character, or tab.")] = None,
    quote: Annotated[str | None, typer.Option(help="Of a CSV: \", ' or none.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of a text: utf-8, utf-16, windows-1252, ...")] = None,
    no_header: Annotated[bool, typer.Option("--no-header", help="The first row is a row, not names.")] = False,
    sheet: Annotated[str | None, typer.Option(help="Of a workbook: the sheet to read.")] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", help="Score only the first N rows.")] = None,
    workers: Annotated[int | None, typer.Option(metavar="N", help="Threads; as many as cores if left out.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the same command was broken off.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Add a column of responsibilities found.")] = False,
    summary: Annotated[
        Path | None, typer.Option(metavar="REPORT", help="Correct the shares of the roles by this report.json.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
    model: Annotated[str | None, typer.Option(help="Answer with this model instead of the current one.")] = None,
    policy: Annotated[str | None, typer.Option(help="Decide by this policy, made by 'rolecall tune'.")] = None,
) -> None:
    """Score every row of a table; all its columns stay, ours follow.

    Exit code 1 says that some rows have something in their column ``error``.
    """
    from classifier import load
    from classifier.tables import Options

    options = Options(
        source=source, target=output, text_column=text_column, title_column=title_column, id_column=id_column,
        use_title=not no_title, source_format=from_, target_format=to, delimiter=delimiter, quote=quote,
        encoding=encoding, sheet=sheet, header=not no_header, workers=workers, limit=limit, resume=resume,
    )  # fmt: skip
    tally = score_table(options, load(model, policy=policy), explain=explain, report=summary, as_json=as_json)
    if tally.errors:
        raise typer.Exit(SOME_FAILED)


def score_table(
    options: Options,
    classifier: Classifier,
    *,
    explain: bool = False,
    report: Path | None = None,
    as_json: bool = False,
) -> Tally:
    """Score a table and say on standard error what is done; return the counts.

    The summary goes to standard error, or with ``as_json`` to standard output (unless the
    table itself goes there).
    """
    from classifier.cli import shares
    from classifier.cli.bar import Bar
    from classifier.tables import score_file

    errors = None if report is None else shares.read_errors(report, classifier.model.id)
    start = time.monotonic()
    answer = classifier.explain_columns if explain else classifier.answer_columns
    with Bar() as bar:
        tally = score_file(options, answer, signature=signature(classifier, explain=explain), say=bar.say, progress=bar)
        seconds = time.monotonic() - start
        found = {} if errors is None else shares.shares(tally, errors)
        for line in [*lines(tally, seconds), *shares.lines(found)]:
            bar.say(line)
    if as_json:
        summary = tally.to_dict() | {"model": classifier.model.id, "seconds": round(seconds, 3)}
        typer.echo(json.dumps(summary | ({"shares": found} if found else {})), err=_to_stdout(options))
    return tally


def signature(classifier: Classifier, *, explain: bool = False) -> str:
    """Say what answers: a run that goes on with anything else would not end as it began."""
    answers = {"model": classifier.model.id, "policy": classifier.policy.to_dict(), "explain": explain}
    return json.dumps(answers, sort_keys=True)


def lines(tally: Tally, seconds: float) -> list[str]:
    """Return the summary for people to read: rows with errors, then the counts."""
    found = [f"row {row}{_named(name)}: {why}" for row, name, why in tally.named]
    if tally.errors > len(found):
        found.append(f"and {tally.errors - len(found):,} more rows with something in their column 'error'")
    rate = f", {tally.rows / seconds:,.0f} rows/s" if seconds > 0 else ""
    found.append(f"{tally.rows:,} rows, {tally.errors:,} with errors, in {seconds:.1f} s{rate}")
    counts: dict[str, Any] = tally.to_dict()
    answered = max(tally.rows - tally.errors, 1)
    for title, names in (("roles", counts["roles"]), ("unsure because", counts["unsure"])):
        shares = [f"{name} {count / answered:.1%}" for name, count in names.items() if count]
        if shares:
            found.append(f"{title}: {', '.join(shares)}")
    return found


def _named(name: str) -> str:
    shown = name if len(name) <= 40 else f"{name[:37]}..."
    return f" ({shown if shown.isprintable() else ascii(shown)})" if name else ""


def _to_stdout(options: Options) -> bool:
    return options.target == "-" or (options.target is None and options.source == "-")
