"""``rolecall tune``: thresholds from labelled rows, for answers that are right as often as asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from classifier.evaluation.tune import Threshold


def tune(
    file: Annotated[str, typer.Argument(help="A table of labelled texts; '-' is standard input.")],
    target_precision: Annotated[float, typer.Option(help="Share of the answers that must be right.")] = 0.9,
    name: Annotated[str, typer.Option(help="Keep the policy under this name; one of that name is replaced.")] = "tuned",
    label_column: Annotated[str | None, typer.Option(help="The column of the right answers.")] = None,
    text_column: Annotated[str | None, typer.Option(help="The column of the texts.")] = None,
    title_column: Annotated[str | None, typer.Option(help="The column of the titles.")] = None,
    no_title: Annotated[bool, typer.Option("--no-title", help="Use no titles.")] = False,
    model: Annotated[str | None, typer.Option(help="Tune this model instead of the current one.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the thresholds as JSON on one line.")] = False,
) -> None:
    """Choose a threshold for each role and keep them as a policy beside the model."""
    from dataclasses import replace

    from classifier import artefact, load, policies
    from classifier.cli.rows import read_rows
    from classifier.evaluation.measure import outcome_of
    from classifier.evaluation.tune import check_target
    from classifier.evaluation.tune import tune as choose

    artefact.checked_name(name)
    check_target(target_precision)
    rows = read_rows(
        file, label_column=label_column, text_column=text_column, title_column=title_column, use_title=not no_title
    )
    typer.echo("\n".join(rows.notes()), err=True)
    classifier = load(model)
    _, outcome = outcome_of(classifier, rows.texts, rows.labels, rows.titles)
    found = choose(outcome, target_precision)
    devops, sre, platform, cloud, none = (each.confidence for each in found)
    policy = replace(classifier.policy, name=name, min_confidence=(devops, sre, platform, cloud, none))
    path = policies.save(classifier.info, policy)
    if json:
        import json as encoder

        typer.echo(encoder.dumps({"policy": policy.to_dict(), "thresholds": [each.to_dict() for each in found]}))
    else:
        typer.echo(as_lines(found, len(rows.texts)))
    typer.echo(f"rolecall: kept as {path}; answer with it: --policy {name}", err=True)
    raise typer.Exit(1 if rows.problems else 0)


def as_lines(found: Sequence[Threshold], rows: int) -> str:
    """Return the thresholds and what they leave as a table for people to read."""
    lines = [f"{'role':<10}{'confidence':>11}{'answers':>9}{'kept':>7}{'coverage':>10}{'right':>8}{'at least':>10}"]
    for each in found:
        lines.append(
            f"{each.role:<10}{each.confidence:>11.3f}{each.answered:>9}{each.kept:>7}{each.coverage:>10.1%}"
            f"{each.right / each.kept:>8.1%}{each.low:>10.1%}"
        )
    kept = sum(each.kept for each in found)
    return "\n".join([*lines, f"{kept} of {rows} texts are answered, {kept / rows:.1%}"])
