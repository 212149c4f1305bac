"""``rolecall evaluate``: figures on labelled rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from classifier.errors import UsageError


def evaluate(
    file: Annotated[str, typer.Argument(help="A table of labelled texts; '-' is standard input.")],
    label_column: Annotated[str | None, typer.Option(help="The column of the right answers.")] = None,
    text_column: Annotated[str | None, typer.Option(help="The column of the texts.")] = None,
    title_column: Annotated[str | None, typer.Option(help="The column of the titles.")] = None,
    no_title: Annotated[bool, typer.Option("--no-title", help="Use no titles.")] = False,
    model: Annotated[str | None, typer.Option(help="Measure this model instead of the current one.")] = None,
    policy: Annotated[str | None, typer.Option(help="Decide by this policy, made by 'rolecall tune'.")] = None,
    report: Annotated[Path | None, typer.Option(metavar="DIR", help="Write a page, JSON and CSV here.")] = None,
    against: Annotated[str | None, typer.Option(metavar="NAME", help="Compare with this model, in the report.")] = None,
    date_column: Annotated[str | None, typer.Option(help="The column of dates, for figures by month.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON on one line.")] = False,
) -> None:
    """Measure the answers on labelled rows and print the figures."""
    from classifier.cli.rows import read_rows

    if against is not None and report is None:
        raise UsageError("--against: needs --report, got none. Say where to write it: --report DIR")
    if report is not None and report.exists() and not report.is_dir():
        raise UsageError(f"--report: must be a folder, which is made if need be, got the file {report}. Name another")
    rows = read_rows(
        file,
        label_column=label_column,
        text_column=text_column,
        title_column=title_column,
        use_title=not no_title,
        dates=report is not None,
        date_column=date_column,
    )
    typer.echo("\n".join(rows.notes()), err=True)
    from classifier import load
    from classifier.evaluation import evaluate as measure

    if report is None:
        found = measure(load(model, policy=policy), rows.texts, rows.labels, rows.titles)
    else:
        from classifier.cli.card import write_card
        from classifier.evaluation.report import Labelled, write_report

        labelled = Labelled(file, rows.texts, rows.labels, rows.titles, rows.dates)
        classifier = load(model, policy=policy)
        found = write_report(classifier, labelled, report, against=None if against is None else load(against))
        write_card(classifier.info, classifier.policy, found)
        typer.echo(f"rolecall: wrote {report / 'report.html'}, report.json and answers.csv", err=True)
    if json:
        import json as encoder

        typer.echo(encoder.dumps(found))
    else:
        typer.echo(as_lines(found))
    raise typer.Exit(1 if rows.problems else 0)


def as_lines(found: dict[str, Any]) -> str:
    """Return the figures as tables for people to read."""
    lines = [f"model {found['model']}, {found['n']} texts", "", f"{'':<18}{'plain':>9}{'balanced':>10}"]
    for name, value in found["plain"].items():
        lines.append(f"{name:<18}{_number(value):>9}{_number(found['balanced'][name]):>10}")
    lines += ["", f"{'role':<10}{'n':>6}  {'precision':<24}{'recall':<24}F1"]
    for role, row in found["roles"].items():
        shares = "".join(f"{_interval(row[name]):<24}" for name in ("precision", "recall", "f1"))
        lines.append(f"{role:<10}{row['n']:>6}  {shares}".rstrip())
    roles = found["confusion"]["roles"]
    lines += ["", f"{'is / answered':<14}" + "".join(f"{role:>10}" for role in roles)]
    for role, row in zip(roles, found["confusion"]["rows_are_labels"], strict=True):
        lines.append(f"{role:<14}" + "".join(f"{count:>10}" for count in row))
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _interval(share: dict[str, float | None]) -> str:
    if share["value"] is None:
        return "-"
    return f"{share['value']:.3f} ({share['low']:.3f} to {share['high']:.3f})"
