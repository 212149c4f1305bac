"""Labelled rows of a table: for evaluating, for training, for counting facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from classifier.errors import InputError, UsageError
from classifier.records import ROLES
from classifier.tables import Options, columns
from classifier.tables.batches import Reader, plain
from classifier.tables.opening import choose, open_reader

if TYPE_CHECKING:
    from classifier.training import Example

LABEL_NAMES: Final = ("role", "label", "expected", "gold", "class", "category")
"""Names of a column of right answers, the likeliest first."""

DATE_NAMES: Final = ("date", "posted", "posted_at", "published", "created", "created_at", "opened_at")
"""Names of a column of dates, the likeliest first."""

MOST_WEIGHT: Final = 100
"""How many rows one labelled row may count as."""

NAMED: Final = 20
"""Rows that are named one by one when they cannot be used."""

GROUPS: Final = ("none:near", "none:far")
"""Labels that tell other jobs apart by how near they are to the four roles."""

Cells = dict[str, str]
Row = tuple[int, Cells, str]
"""The number of a row, from 1; its cells by what they are for; why it cannot be read."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Texts with their labels, perhaps titles; why rows were left out; which columns were used."""

    texts: list[str]
    titles: list[str] | None
    labels: list[str]
    problems: list[str]
    choice: str
    dates: list[str] | None = None

    def notes(self) -> list[str]:
        """Return lines that say which columns were used, and why the first rows were left out."""
        named = [f"rolecall: {problem}" for problem in self.problems[:NAMED]]
        more = len(self.problems) - len(named)
        return [f"rolecall: {self.choice}", *named, *([f"rolecall: and {more} more rows"] if more else [])]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Columns by what they are for, as places in the table; extras by their own names."""

    names: list[str]
    places: dict[str, int]

    def said(self) -> str:
        """Say which columns are used."""
        return ", ".join(f"{use} from column {self.names[place]!r}" for use, place in self.places.items())


def read_rows(
    file: str,
    *,
    label_column: str | None = None,
    text_column: str | None = None,
    title_column: str | None = None,
    use_title: bool = False,
    fold: str | None = None,
    groups: bool = False,
    dates: bool = False,
    date_column: str | None = None,
) -> Rows:
    """Read labelled rows; rows that cannot be used are left out and named.

    ``fold`` keeps only the rows whose column of that name holds it. With ``groups`` the labels
    'none:near' and 'none:far' are allowed, and a column ``near`` of yes and no makes them.
    With ``dates`` a column of dates is read where there is one, ``date_column`` if that is named.
    Raises InputError where no row can be used.
    """
    extras: dict[str, Sequence[str]] = {
        **({"fold": ["fold"]} if fold is not None else {}),
        **({"near": ["near"]} if groups else {}),
        **({"date": DATE_NAMES if date_column is None else [date_column]} if dates else {}),
    }
    options = Options(source=file, text_column=text_column, title_column=title_column, use_title=use_title)
    with _opened(options, label_column, extras) as (wanted, rows):
        if fold is not None and "fold" not in wanted.places:
            raise UsageError(f"{file}: --fold needs a column 'fold', got {columns.listed(wanted.names)}. Leave it out")
        if date_column is not None and "date" not in wanted.places:
            columns.find(wanted.names, date_column, "--date-column", file)
        kept = (row for row in rows if fold is None or row[1]["fold"] == fold)
        found = Rows([], [] if "title" in wanted.places else None, [], [], f"{file}: {wanted.said()}")
        found = replace(found, dates=[] if "date" in wanted.places else None)
        for number, cells, problem in kept:
            label = _grouped(cells) if groups else cells["label"]
            if problem := problem or _mislabelled(label, wanted, groups=groups):
                found.problems.append(f"{file}: row {number}: {problem}")
                continue
            found.texts.append(cells["text"])
            found.labels.append(label)
            if found.titles is not None:
                found.titles.append(cells["title"])
            if found.dates is not None:
                found.dates.append(cells["date"])
    if not found.texts:
        first = f" ({found.problems[0]})" if found.problems else ""
        raise InputError(f"{file}: must hold labelled rows, got none that can be used{first}. Check the columns")
    return found


def read_texts(
    file: str, *, text_column: str | None = None, title_column: str | None = None, use_title: bool = True
) -> Rows:
    """Read rows whose right answers nobody knows; their labels are empty."""
    options = Options(source=file, text_column=text_column, title_column=title_column, use_title=use_title)
    with _opened(options, None, {}, labelled=False) as (wanted, rows):
        found = Rows([], [] if "title" in wanted.places else None, [], [], f"{file}: {wanted.said()}")
        for number, cells, problem in rows:
            if problem:
                found.problems.append(f"{file}: row {number}: {problem}")
            found.texts.append(cells["text"])
            found.labels.append("")
            if found.titles is not None:
                found.titles.append(cells["title"])
    return found


def _mislabelled(label: str, wanted: Wanted, *, groups: bool) -> str:
    """Return why a label cannot be used; nothing where it can."""
    allowed = (*ROLES, *GROUPS) if groups else ROLES
    if label in allowed:
        return ""
    return f"{wanted.names[wanted.places['label']]!r} must be one of {', '.join(allowed)}, got {label!r}"


def read_examples(file: str, text_column: str | None = None, label_column: str | None = None) -> list[Example]:
    """Read labelled rows as training examples; a row of weight 3 is there three times.

    Raises InputError or CorpusError at the first row that cannot be used.
    """
    from classifier.training.corpus import labelled

    options = Options(source=file, text_column=text_column, use_title=False)
    examples: list[Example] = []
    with _opened(options, label_column, {"kind": ["kind"], "weight": ["weight"]}) as (_, rows):
        for number, cells, problem in rows:
            place = f"{file}: row {number}"
            if problem:
                raise InputError(f"{place}: {problem}. Mend it or take it out")
            row = {"text": cells["text"], "role": cells["label"], "kind": cells.get("kind") or "ad"}
            examples += [labelled(row, place)] * _weight(cells.get("weight", ""), place)
    return examples


@contextmanager
def _opened(
    options: Options, label_column: str | None, extras: dict[str, Sequence[str]], *, labelled: bool = True
) -> Iterator[tuple[Wanted, Iterator[Row]]]:
    """Open a table; yield which columns are used, and its rows."""
    reader, _ = open_reader(options)
    try:
        if any(columns.guess(reader.names, names) is not None for names in extras.values()):
            reader.schema()  # extras may be of any type, and are read by it
        choice = choose(reader, options)
        places = {"text": choice.text}
        if labelled:
            places["label"] = _label(reader.names, label_column, choice.text, options.source)
        if choice.title is not None and choice.title != places.get("label"):
            places["title"] = choice.title
        found = {use: columns.guess(reader.names, names) for use, names in extras.items()}
        others = {name: place for name, place in found.items() if place is not None}
        yield Wanted(list(reader.names), places | others), _rows(reader, places, others)
    finally:
        reader.close()


def _rows(reader: Reader, strings: dict[str, int], others: dict[str, int]) -> Iterator[Row]:
    number = 0
    for batch in reader.batches(0):
        problems = dict(batch.problems())
        cells = {use: batch.strings(place, problems).to_pylist() for use, place in strings.items()}
        if others:
            table = batch.arrow()
            cells |= {name: plain(table.column(place)).to_pylist() for name, place in others.items()}
        for row in range(batch.rows):
            number += 1
            yield number, {use: values[row] or "" for use, values in cells.items()}, problems.get(row, "")


def _label(names: Sequence[str], given: str | None, text: int, where: str) -> int:
    if given is not None:
        return columns.find(names, given, "--label-column", where)
    if (place := columns.guess(names, LABEL_NAMES, text)) is not None:
        return place
    raise UsageError(
        f"{where}: one column must hold the right answers, known by a name such as {', '.join(LABEL_NAMES[:3])}, "
        f"got {columns.listed(names)}. Name it with --label-column"
    )


def _grouped(cells: Cells) -> str:
    """Return a label with the group of none that the column ``near`` says."""
    near = cells.get("near", "").strip().lower()
    if cells["label"] != "none" or near not in {"true", "false", "yes", "no", "1", "0"}:
        return cells["label"]
    return "none:near" if near in {"true", "yes", "1"} else "none:far"


def _weight(value: str, place: str) -> int:
    if not value:
        return 1
    if not value.isdecimal() or not 1 <= int(value) <= MOST_WEIGHT:
        raise InputError(f"{place}: 'weight' must be a whole number from 1 to {MOST_WEIGHT}, got {value!r}. Change it")
    return int(value)
