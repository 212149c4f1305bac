"""An explanation as one page of HTML: the text marked by responsibility. No script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from classifier.explain.findings import Contrast, Evidence, Explanation, Term, Tool
from classifier.normalise import blank_markup
from classifier.records import ROLES

COLOURS: Final = {"devops": "#1f77b4", "sre": "#d1495b", "platform": "#2a9d5c", "cloud": "#8e5ea2", "none": "#777777"}
"""Of each role, wherever it is drawn."""

SHOWN: Final = 12
"""Terms on each side that are listed."""

_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.text { white-space: pre-line; overflow-wrap: anywhere; border-left: 4px solid #ddd; padding-left: 1rem; }
mark { color: inherit; padding: .1em .2em; border-radius: .2em; } mark sup { font-weight: 600; margin-left: .3em; }
u { text-decoration: underline dotted; text-underline-offset: .2em; }
td mark { white-space: nowrap; }
table { border-collapse: collapse; } td, th { padding: .15rem .8rem .15rem 0; text-align: left; vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.bar { display: inline-block; height: .8rem; border-radius: .2rem; vertical-align: middle; }
.sides { display: flex; flex-wrap: wrap; gap: 3rem; }
"""


def page(explanation: Explanation) -> str:
    """Return a whole page that shows a text, the answer and why."""
    result = explanation.result
    why = f" ({escape(result.reason)})" if result.reason else ""
    title = f"{escape(result.role)}{why}"
    body = [
        f"<h1>{title}: best {escape(result.best)}, confidence {result.confidence:.2f}</h1>",
        _probabilities(result.probabilities),
        "<h2>The text</h2>",
        f'<div class="text">{"".join(_marked(explanation))}</div>',
        *_responsibilities(explanation.evidence),
        *_naming(explanation),
        *_contrast(explanation.contrast),
        *_tools(explanation.tools),
        *_change(explanation),
        f"<p>Model {escape(result.model)}</p>",
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}{''.join(_shades())}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _shades() -> Iterator[str]:
    for role, colour in COLOURS.items():
        yield f".{role} {{ background: {colour}2e; }} .bar.{role} {{ background: {colour}; }}\n"


def _role(responsibility: str) -> str:
    return responsibility.partition("-")[0]


def _probabilities(probabilities: dict[str, float]) -> str:
    rows = (
        f'<tr><td>{role}</td><td class="number">{probabilities[role]:.3f}</td>'
        f'<td><span class="bar {role}" style="width:{probabilities[role] * 16:.2f}rem"></span></td></tr>'
        for role in ROLES
    )
    return f"<table>{''.join(rows)}</table>"


def _marked(explanation: Explanation) -> Iterator[str]:
    """Yield the text, escaped, its markup as white space, what matches marked and tools underlined."""
    text, at = blank_markup(explanation.text), 0
    for item in sorted(explanation.evidence, key=lambda item: item.start):
        yield from _underlined(text, at, item.start, explanation.tools)
        said = f"{item.statement} (strength {item.strength:.2f})"
        yield f'<mark class="{_role(item.responsibility)}" title="{escape(said)}">'
        yield from _underlined(text, item.start, item.end, explanation.tools)
        yield f"<sup>{escape(item.responsibility)}</sup></mark>"
        at = item.end
    yield from _underlined(text, at, len(text), explanation.tools)


def _underlined(text: str, start: int, end: int, tools: Sequence[Tool]) -> Iterator[str]:
    for tool in tools:
        if start <= tool.start and tool.end <= end:
            yield escape(text[start : tool.start])
            yield f'<u title="{escape(f"{tool.name} ({tool.family})")}">{escape(text[tool.start : tool.end])}</u>'
            start = tool.end
    yield escape(text[start:end])


def _responsibilities(evidence: Sequence[Evidence]) -> Iterator[str]:
    strongest: dict[str, Evidence] = {}
    for item in sorted(evidence, key=lambda item: -item.strength):
        strongest.setdefault(item.responsibility, item)
    if strongest:
        rows = (
            f'<tr><td><mark class="{_role(name)}">{escape(name)}</mark></td>'
            f'<td class="number">{item.strength:.2f}</td><td>{escape(item.statement)}</td></tr>'
            for name, item in strongest.items()
        )
        yield f"<h2>Documented responsibilities</h2><table>{''.join(rows)}</table>"


def _naming(explanation: Explanation) -> Iterator[str]:
    if explanation.naming:
        rows = (
            f"<tr><td>{escape(item.role)}</td><td class='number'>{item.weight:+.2f}</td>"
            f"<td>{escape(item.place)}: {escape(' '.join(blank_markup(item.phrase).split()))}</td></tr>"
            for item in explanation.naming
        )
        yield f"<h2>How it names its role</h2><table>{''.join(rows)}</table>"


def _contrast(contrast: Contrast) -> Iterator[str]:
    yield f"<h2>Why {escape(contrast.role)} and not {escape(contrast.against)}: {contrast.difference:+.2f}</h2>"
    sides = ((contrast.role, 1), (contrast.against, -1))
    lists = "".join(_terms(role, [term for term in contrast.terms if term.weight * sign > 0]) for role, sign in sides)
    others = [("naming " + role, weight) for role, weight in contrast.names.items()]
    others += [("naming no role", contrast.unnamed), ("start", contrast.bias)]
    said = ", ".join(f"{escape(name)} {weight:+.2f}" for name, weight in others if weight)
    yield f'<div class="sides">{lists}</div><p>Beside the words: {said or "nothing"}</p>'


def _terms(role: str, terms: Sequence[Term]) -> str:
    rows = "".join(
        f"<tr><td>{escape(term.term)}{' (title)' if term.place == 'title' else ''}</td>"
        f'<td class="number">{term.weight:+.2f}</td></tr>'
        for term in terms[:SHOWN]
    )
    rest = sum(term.weight for term in terms[SHOWN:])
    more = f'<tr><td>and {len(terms) - SHOWN} more</td><td class="number">{rest:+.2f}</td></tr>' if rest else ""
    return f"<table><tr><th colspan=2>for {escape(role)}</th></tr>{rows}{more}</table>"


def _tools(tools: Sequence[Tool]) -> Iterator[str]:
    families: dict[str, dict[str, None]] = {}
    for tool in tools:
        families.setdefault(tool.family, {})[tool.name] = None
    if families:
        rows = (
            f"<tr><td>{escape(family)}</td><td>{escape(', '.join(names))}</td></tr>"
            for family, names in families.items()
        )
        yield f"<h2>Tools</h2><table>{''.join(rows)}</table>"


def _change(explanation: Explanation) -> Iterator[str]:
    if explanation.change is not None:
        pieces = "".join(
            f"<li>{escape(' '.join(blank_markup(span.quote).split()))}</li>" for span in explanation.change.segments
        )
        yield f"<h2>Without this it would be {escape(explanation.change.role)}</h2><ul>{pieces}</ul>"
