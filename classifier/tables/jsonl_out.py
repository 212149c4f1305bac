"""Write JSON Lines: the lines of a JSON Lines file as they stand with ours added, or rows of other tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import JSONDecoder

from classifier.tables.batches import Answered, to_json
from classifier.tables.columns import beside, distinct
from classifier.tables.jsonl_in import JsonlBatch


@dataclass(frozen=True, slots=True)
class WovenJsonl:
    """From JSON Lines to JSON Lines: a line stays as it is, ours are added at its end.

    A line that is no object is kept as a string under ``line``. Blank lines stay.
    """

    ours: tuple[str, ...]

    def head(self) -> bytes:
        """Return nothing: the format has no header."""
        return b""

    def encode(self, answered: Answered) -> bytes:
        """Return the lines of a batch with ours."""
        batch = answered.batch
        if not isinstance(batch, JsonlBatch):
            raise TypeError(f"needs lines of JSON, got {type(batch).__name__}")
        lines, unreadable, ours = list(batch.lines), batch.problems(), tuple(answered.columns)
        rows = zip(batch.filled, batch.objects(), _members(answered), strict=True)
        for row, (place, record, added) in enumerate(rows):
            line = batch.lines[place]
            text = json.dumps(record) if row in unreadable else line.decode("utf-8").strip()
            if not record.keys().isdisjoint(ours):
                text = _renamed(text, dict(zip(record, beside(list(record), ours), strict=True)))
            joined = f"{text[:-1].rstrip()}{', ' if record else ''}{added}}}"
            lines[place] = joined.encode() + line[len(line.rstrip(b"\r\n")) :]
        return b"".join(lines)


def _members(answered: Answered) -> Iterator[str]:
    """Return our columns of each row as members of a JSON object, without the braces."""
    columns = [column.to_pylist() for column in answered.columns.values()]
    names = list(answered.columns)
    return (to_json(dict(zip(names, row, strict=True)))[1:-1] for row in zip(*columns, strict=True))


def _renamed(text: str, names: dict[str, str]) -> str:
    """Return the text of an object with its own members renamed, the values untouched."""
    decoder, pieces, place = JSONDecoder(strict=False), [], 0
    i = text.index("{") + 1
    while True:
        start = text.index('"', i)
        name, end = decoder.raw_decode(text, start)
        pieces += [text[place:start], json.dumps(names[name], ensure_ascii=False)]
        place = end
        value = text.index(":", end) + 1
        while text[value] in " \t\r\n":
            value += 1
        _, i = decoder.raw_decode(text, value)
        while text[i] in " \t\r\n":
            i += 1
        if text[i] == "}":
            return "".join(pieces) + text[place:]


@dataclass(frozen=True, slots=True)
class ArrowJsonl:
    """From any table to JSON Lines: numbers, strings and nested values stay what they are."""

    names: tuple[str, ...]
    ours: tuple[str, ...]

    def head(self) -> bytes:
        """Return nothing: the format has no header."""
        return b""

    def encode(self, answered: Answered) -> bytes:
        """Return the rows of a batch as lines."""
        names = [*beside(distinct(self.names), self.ours), *self.ours]
        ours = [column.to_pylist() for column in answered.columns.values()]
        rows = zip(answered.batch.cells(), zip(*ours, strict=True), strict=True)
        lines = (to_json(dict(zip(names, (*theirs, *added), strict=True))) for theirs, added in rows)
        return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
