"""From what the user says to a reader, the columns, and a writer."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import IO, Any, Final, cast

from classifier.errors import UsageError
from classifier.tables import columns
from classifier.tables import dialect as dialects
from classifier.tables.batches import Reader
from classifier.tables.csv_in import CsvReader
from classifier.tables.csv_out import ArrowCsv, WovenCsv
from classifier.tables.dialect import Dialect
from classifier.tables.formats import STANDARD, TEXT_FORMATS, Shape, default_target, format_of, shape_of
from classifier.tables.jsonl_in import JsonlReader
from classifier.tables.jsonl_out import ArrowJsonl, WovenJsonl
from classifier.tables.scoring import Scorer
from classifier.tables.streams import Joined, TextSource, open_bytes, seekable
from classifier.tables.target import Target, check_place, is_stream
from classifier.tables.writers import Encoder, TextTable, Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to score and how; what is None is found, and said.

    ``source`` and ``target`` are names of files, or '-' for the standard streams. ``header``
    says that the first row names the columns. ``limit`` is how many rows to score at most.
    """

    source: str
    target: str | None = None
    text_column: str | None = None
    title_column: str | None = None
    id_column: str | None = None
    use_title: bool = True
    source_format: str | None = None
    target_format: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    header: bool = True
    workers: int | None = None
    limit: int | None = None
    resume: bool = False


def open_reader(options: Options) -> tuple[Reader, Shape]:
    """Open the input; raise InputError or UsageError where it cannot be what it is said to be."""
    name, given = options.source, options.source_format
    standard = name == STANDARD
    file = open_bytes(name)
    try:
        shape = Shape("") if standard and given is None else shape_of(name, given, "--from")
        reader, shape = _read(options, shape, file)
        _check_use(options, shape)
    except BaseException:
        if not standard:
            file.close()
        raise
    return reader, shape


def _check_use(options: Options, shape: Shape) -> None:
    """Raise UsageError where an option is given that says nothing about this format."""
    for name, formats in _USED.items():
        if getattr(options, name) is not None and shape.format not in formats:
            kinds, got = " and ".join(_CALLED[each] for each in formats), _CALLED[shape.format]
            raise UsageError(f"--{name}: is for {kinds}, got {options.source} in {got}. Leave it out, or give --from")


def count_rows(options: Options) -> int:
    """Return how many rows the input has; raise InputError or UsageError where it cannot be read."""
    reader, _ = open_reader(options)
    try:
        if isinstance(reader, CsvReader):
            reader.note(())
        return sum(batch.rows for batch in reader.batches(0))
    finally:
        reader.close()


def _read(options: Options, shape: Shape, file: IO[bytes]) -> tuple[Reader, Shape]:
    """Return a reader of an open file."""
    name = options.source
    if name == STANDARD and options.source_format is None:
        start = file.read(16)
        file = cast("IO[bytes]", Joined(start, file))
        shape = Shape(kind if (kind := format_of(start)) in {"parquet", "xlsx"} else "")
    if shape.format == "parquet":
        from classifier.tables.parquet import ParquetReader

        return ParquetReader(name, seekable(file)), shape
    if shape.format == "xlsx":
        from classifier.tables.excel import ExcelReader

        return ExcelReader(name, seekable(file), header=options.header, sheet=options.sheet), shape
    source = TextSource(name, file, encoding=options.encoding, compression=shape.compression)
    shape = Shape(shape.format or format_of(source.head), shape.compression)
    return (_jsonl(source, options) if shape.format == "jsonl" else _csv(source, options, shape.format)), shape


def _jsonl(source: TextSource, options: Options) -> JsonlReader:
    reader = JsonlReader(source)
    if source.whole and not source.head.strip():
        reader.names = [options.text_column or columns.TEXT_NAMES[0]]
    return reader


def _csv(source: TextSource, options: Options, kind: str) -> CsvReader:
    delimiter = dialects.given_delimiter(options.delimiter) if options.delimiter else None
    quote = dialects.given_quote(options.quote) if options.quote else None
    if kind == "tsv":
        delimiter = delimiter or "\t"
    dialect = dialects.detect(source.head, whole=source.whole, delimiter=delimiter, quote=quote)
    return CsvReader(source, dialect, header=options.header)


@dataclass(frozen=True, slots=True)
class Choice:
    """The columns that are used, by place; None where there is none."""

    text: int
    title: int | None
    id_column: int | None


def choose(reader: Reader, options: Options) -> Choice:
    """Choose the columns by what is given or by their names; raise UsageError where that fails."""
    names, where = reader.names, options.source
    if options.text_column is not None:
        text = columns.find(names, options.text_column, "--text-column", where)
    elif not options.header and len(names) == 1:
        text = 0
    else:
        text = columns.guess_text(names, where)
    title = None
    if options.title_column is not None:
        title = columns.find(names, options.title_column, "--title-column", where)
    elif options.use_title:
        title = columns.guess(names, columns.TITLE_NAMES, text)
    wanted = options.id_column
    return Choice(text, title, None if wanted is None else columns.find(names, wanted, "--id-column", where))


@dataclass(frozen=True, slots=True)
class Plan:
    """An open input, what it is, which of its columns are used, and where the output goes."""

    reader: Reader
    source: Shape
    choice: Choice
    name: str
    target: Shape

    @property
    def woven(self) -> bool:
        """Whether the rows of the input can stand in the output as they are."""
        return _woven(self.reader, self.source, self.target)


def plan(options: Options) -> Plan:
    """Open the input and settle everything that the options leave open; nothing is written yet."""
    name, target = "", Shape("")  # settled first where possible: a wrong name costs no reading
    if options.target is not None and not is_stream(options.target):
        name, target = options.target, _target_shape(options.target, options.target_format, options)
    reader, source = open_reader(options)
    try:
        if not name:
            name = options.target or default_target(options.source, source, options.target_format)
            target = _target_shape(name, options.target_format or source.format, options)
        if not _woven(reader, source, target):
            reader.schema()
        choice = choose(reader, options)
        if isinstance(reader, CsvReader) and _woven(reader, source, target):
            used = (choice.text, choice.title, choice.id_column)
            reader.note(tuple(dict.fromkeys(place for place in used if place is not None)))
    except BaseException:
        reader.close()
        raise
    return Plan(reader, source, choice, name, target)


def _target_shape(name: str, given: str | None, options: Options) -> Shape:
    source = options.source
    there = not is_stream(name) and source != STANDARD and os.path.exists(name) and os.path.exists(source)
    if there and os.path.samefile(name, source):
        raise UsageError(f"{name}: must be another file than the input, got the same. Give -o another name")
    if not is_stream(name):
        check_place(name)
    return shape_of(name, given, "--to")


def described(plan: Plan, options: Options) -> str:
    """Say on one line how the input is read, and what of it was found and not given."""
    reader, choice = plan.reader, plan.choice
    name = "standard input" if options.source == STANDARD else options.source
    parts = [_CALLED[plan.source.format]]
    if isinstance(reader, CsvReader | JsonlReader):
        source = reader.source
        parts += [source.compression] if source.compression else []
        parts.append(str(source.encoding))
    if isinstance(reader, CsvReader):
        parts.append(str(reader.dialect))
    used = [_used("texts", reader.names, choice.text, options.text_column)]
    if choice.title is not None:
        used.append(_used("titles", reader.names, choice.title, options.title_column))
    return f"reading {name}: {', '.join(parts)}; {', '.join(used)}"


_USED: Final = {"sheet": ("xlsx",), "delimiter": ("csv", "tsv"), "quote": ("csv", "tsv"), "encoding": TEXT_FORMATS}
"""Options and the formats that they are for."""

_CALLED: Final = {"csv": "CSV", "tsv": "TSV", "jsonl": "JSON Lines", "parquet": "Parquet", "xlsx": "Excel"}


def _used(kind: str, names: list[str], place: int, given: str | None) -> str:
    several = " (the first of that name)" if names.count(names[place]) > 1 else ""
    return f"{kind} from column {names[place]!r}{several}{'' if given else ' (found by its name)'}"


def open_writer(plan: Plan, target: Target, scorer: Scorer) -> Writer[Any]:
    """Return a writer for the target's format; the output's head is not written yet."""
    ours, names = scorer.ours(), plan.reader.names
    header = getattr(plan.reader, "has_header", True)
    if plan.target.format == "parquet":
        from classifier.tables.parquet import ParquetTable

        return ParquetTable(target.file, plan.reader.schema(), ours)
    if plan.target.format == "xlsx":
        from classifier.tables.excel import ExcelTable

        return ExcelTable(target.name, target.file, names, list(ours), header=header)
    return TextTable(target, _encoder(plan, tuple(ours), header), plan.target.compression)


def _woven(reader: Reader, source: Shape, target: Shape) -> bool:
    if isinstance(reader, CsvReader):
        delimiter = reader.dialect.delimiter if target.format == source.format else _DELIMITERS.get(target.format)
        return delimiter == reader.dialect.delimiter
    return isinstance(reader, JsonlReader) and target.format == "jsonl"


_DELIMITERS: Final = {"csv": ",", "tsv": "\t"}


def _encoder(plan: Plan, ours: tuple[str, ...], header: bool) -> Encoder:
    reader = plan.reader
    if plan.woven:
        return WovenCsv(reader, ours) if isinstance(reader, CsvReader) else WovenJsonl(ours)
    names = tuple(reader.names)
    if plan.target.format == "jsonl":
        return ArrowJsonl(names, ours)
    return ArrowCsv(names, ours, Dialect(_DELIMITERS[plan.target.format]), header)
