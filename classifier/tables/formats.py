"""Which formats and compressions there are, and how a name or the first bytes tell them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from classifier.errors import InputError, UsageError

FORMATS: Final = ("csv", "tsv", "jsonl", "parquet", "xlsx")
"""The formats of tables, in and out."""

TEXT_FORMATS: Final = ("csv", "tsv", "jsonl")
"""Those that are streams of text: they may be compressed, and resumed."""

OTHERWISE: Final = "Check it, or say what it is with --from"
"""What to do with a file that is not what its name says."""

STANDARD: Final = "-"
"""The name of standard input and of standard output."""

_ENDINGS: Final = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".parquet": "parquet", ".pq": "parquet", ".xlsx": "xlsx",
}  # fmt: skip
_COMPRESSED: Final = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2", ".xz": "xz"}
_MAGIC: Final = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zXZ\x00": "xz"}
_FOREIGN: Final = {
    b"PAR1": "a Parquet file: give --from parquet",
    b"PK\x03\x04": "a zip archive, perhaps an Excel workbook: give --from xlsx",
    b"\xd0\xcf\x11\xe0": "an old Office document: save it as .xlsx or .csv",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"%PDF-": "a PDF document",
    b"\x7fELF": "a program",
    b"SQLite format 3": "an SQLite database",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a table is kept as: its format, and how it is compressed ('' if not)."""

    format: str
    compression: str = ""


def shape_of(name: str, given: str | None, option: str) -> Shape:
    """Tell a table's shape by the ending of its name, or by ``given``, the value of ``option``.

    Raises UsageError where neither says it.
    """
    path = Path(name)
    compression = _COMPRESSED.get(path.suffix.lower(), "")
    ending = (Path(path.stem) if compression else path).suffix.lower()
    if given is not None and given not in FORMATS:
        raise UsageError(f"{option}: must be one of {', '.join(FORMATS)}, got {given!r}. Give one of them")
    found = given or _ENDINGS.get(ending)
    if found is None:
        got = repr(ending) if ending else f"{path.suffix!r} alone" if compression else "none"
        raise UsageError(
            f"{name}: the ending must be one of {', '.join(_ENDINGS)} (then .gz, .zst, .bz2 or .xz), "
            f"got {got}. Rename the file or give {option} with one of {', '.join(FORMATS)}"
        )
    if compression and found not in TEXT_FORMATS:
        raise UsageError(
            f"{name}: {found} tables are compressed inside and must not be compressed again, got {path.suffix}. "
            "Leave that ending out"
        )
    return Shape(found, compression)


def default_target(source: str, shape: Shape, given: str | None) -> str:
    """Return where the answers for ``source`` go when nothing says so: beside it, with ``.scored``."""
    if source == STANDARD:
        return STANDARD
    path = Path(source)
    packed = path.suffix if path.suffix.lower() in _COMPRESSED else ""
    inner = Path(path.stem) if packed else path
    if given is None or given == shape.format:
        return str(path.with_name(f"{inner.stem}.scored{inner.suffix}{packed}"))
    return str(path.with_name(f"{inner.stem}.scored.{given}{packed if given in TEXT_FORMATS else ''}"))


def compression_of(head: bytes) -> str:
    """Tell by the first bytes how a stream is compressed; '' if it is not."""
    if head[:3] == b"BZh" and head[4:10] == b"1AY&SY":
        return "bz2"
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")


def format_of(head: bytes) -> str:
    """Tell by the first bytes of a stream what table it holds; 'csv' where nothing speaks against it."""
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    return "jsonl" if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{" else "csv"


def refuse_foreign(name: str, head: bytes) -> None:
    """Raise InputError if the first bytes of what should be text are those of another kind of file."""
    for magic, kind in _FOREIGN.items():
        if head.startswith(magic):
            raise InputError(f"{name}: must be a table of text (CSV, TSV or JSONL), got {kind}. Give the right file")
