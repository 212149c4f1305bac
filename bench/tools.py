"""Measure the tools that are found in ads against those that a person noted.

``tools-hand.json`` holds, by the id of an ad, every tool that a careful reader saw named there; the
texts are not kept. Run: ``python -m bench.tools ads.jsonl.gz`` (lines with ``id`` and ``text``).
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from classifier.evaluation.figures import proportion
from classifier.explain.tools import read_tools, tools

HAND: Final = Path(__file__).with_name("tools-hand.json")


def main(path: str) -> int:
    """Print precision and recall with their intervals, and every difference."""
    hand: dict[str, list[str]] = json.loads(HAND.read_text(encoding="utf-8"))
    names = by_form()
    hit = wrong = missed = 0
    for row in rows(path):
        if row["id"] not in hand:
            continue
        noted = {names.get(name.lower(), name) for name in hand[row["id"]]}
        found = {tool.name for tool in tools(row["text"])}
        hit, wrong, missed = hit + len(found & noted), wrong + len(found - noted), missed + len(noted - found)
        if found != noted:
            said = f"{row['id']}: wrong {sorted(found - noted)}, missed {sorted(noted - found)}"
            sys.stdout.write(said + "\n")
    figures = {"precision": proportion(hit, hit + wrong), "recall": proportion(hit, hit + missed)}
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    return 0


def by_form() -> dict[str, str]:
    """Return the tool for each of its names, in lower case."""
    found: dict[str, str] = {}
    for members in read_tools().values():
        for tool, forms in members.items():
            found |= dict.fromkeys((form.strip("=?").lower() for form in forms), tool) | {tool.lower(): tool}
    return found


def rows(path: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file of JSON lines, packed or not."""
    with gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8") as lines:
        yield from map(json.loads, lines)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
