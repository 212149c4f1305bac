"""Tables in memory: pyarrow, pandas and polars in, the same kind out; none is loaded for another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import numpy as np

from classifier.errors import UsageError
from classifier.model import Texts

if TYPE_CHECKING:
    import pyarrow as pa

    from classifier.tables import Answer, Columns

Frame = TypeVar("Frame")

ROWS: Final = 1024
"""Rows that are answered at once."""

Pair = tuple["pa.Array", "pa.Array | None"]
"""Texts, and their titles if there are any."""


def texts_of(array: pa.Array) -> Texts:
    """Return a column of Arrow strings as the kernel reads it: the same bytes, nulls as empty texts.

    Only the offsets are copied. Raises UsageError for a column of anything but strings.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    wide = pa.types.is_large_string(array.type)
    if not wide and not pa.types.is_string(array.type):
        return texts_of(_strings(array, "text"))
    if not len(array):
        return Texts(np.frombuffer(b"", np.uint8), np.zeros(1, np.int64))
    _, places, data = array.buffers()
    start, stop = array.offset, array.offset + len(array) + 1
    offsets = np.frombuffer(places, np.int64 if wide else np.int32)[start:stop].astype(np.int64)
    if array.null_count and np.diff(offsets)[array.is_null().to_numpy(zero_copy_only=False)].any():
        return texts_of(pc.fill_null(array, ""))
    view = np.frombuffer(data if data is not None else b"", np.uint8)
    view.flags.writeable = False
    return Texts(view, offsets)


def score(table: Frame, answer: Answer, *, text: str | None, title: str | None) -> Frame:
    """Return a table with our columns added; see :meth:`classifier.pipeline.Classifier.score`."""
    library = type(table).__module__.partition(".")[0]
    kinds: dict[str, Callable[[Any, Answer, str | None, str | None], Any]] = {
        "pyarrow": _score_arrow, "pandas": _score_pandas, "polars": _score_polars,
    }  # fmt: skip
    if library not in kinds:
        raise _unknown(table)
    return cast("Frame", kinds[library](table, answer, text, title))


def _unknown(table: object) -> UsageError:
    return UsageError(
        "score: the table must be a pyarrow Table, RecordBatch or RecordBatchReader or a DataFrame of pandas or "
        f"polars, got {type(table).__module__}.{type(table).__name__}. Convert it to one of them"
    )


def _score_arrow(table: Any, answer: Answer, text: str | None, title: str | None) -> Any:
    import pyarrow as pa

    if not isinstance(table, pa.Table | pa.RecordBatch | pa.RecordBatchReader):
        raise _unknown(table)
    places = _places(table.schema.names, text, title)
    schema = _schema(table.schema, _nothing(answer, places))
    if isinstance(table, pa.RecordBatchReader):
        return pa.RecordBatchReader.from_batches(schema, _scored(table, answer, places, schema))
    whole = pa.Table.from_batches([table]) if isinstance(table, pa.RecordBatch) else table
    result = pa.Table.from_batches(_scored(whole.to_batches(max_chunksize=ROWS), answer, places, schema), schema)
    if isinstance(table, pa.Table):
        return result
    return pa.RecordBatch.from_arrays([_whole(column) for column in result.columns], schema=schema)


def _score_pandas(table: Any, answer: Answer, text: str | None, title: str | None) -> Any:
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        raise _unknown(table)
    labels = list(table.columns)
    names = [str(label) for label in labels]
    places = _places(names, text, title)
    import pyarrow as pa

    def column(place: int) -> pa.Array:
        try:
            return _strings(pa.Array.from_pandas(table.iloc[:, place]), names[place])
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise _no_text(names[place], str(error).splitlines()[0]) from None

    ours = _ours(answer, [None if place is None else column(place) for place in places])
    added = ours.to_pandas()
    added.index = table.index
    theirs = table.copy(deep=False)
    fresh = _beside(names, ours.column_names)
    theirs.columns = [label if name == old else name for label, old, name in zip(labels, names, fresh, strict=True)]
    return pd.concat([theirs, added], axis=1)


def _score_polars(table: Any, answer: Answer, text: str | None, title: str | None) -> Any:
    import polars as pl

    if not isinstance(table, pl.DataFrame):
        raise _unknown(table)
    places = _places(table.columns, text, title)
    columns = [
        None if place is None else _strings(table.to_series(place).to_arrow(), table.columns[place]) for place in places
    ]
    ours = _ours(answer, columns)
    fresh = _beside(table.columns, ours.column_names)
    return table.rename(dict(zip(table.columns, fresh, strict=True))).hstack(cast("pl.DataFrame", pl.from_arrow(ours)))


def _ours(answer: Answer, columns: Sequence[pa.Array | None]) -> pa.Table:
    """Answer whole columns of texts and titles; return ours as a table."""
    import pyarrow as pa

    texts, titles = columns
    if texts is None:
        raise ValueError("needs texts")
    pairs = (
        (texts.slice(start, ROWS), None if titles is None else titles.slice(start, ROWS))
        for start in range(0, len(texts), ROWS)
    )
    empty = _nothing(answer, (0, None if titles is None else 1))
    schema = pa.schema([(name, column.type) for name, column in empty.items()])
    batches = [pa.RecordBatch.from_pydict(done, schema=schema) for done in _answered(pairs, answer)]
    return pa.Table.from_batches(batches, schema)


def _scored(
    batches: Iterable[pa.RecordBatch], answer: Answer, places: tuple[int, int | None], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Answer record batches with some threads, in order."""
    import pyarrow as pa

    from classifier.tables.scoring import answer_rows, ordered, usable_cores

    def work(batch: pa.RecordBatch) -> pa.RecordBatch:
        texts, titles = (
            None if place is None else _strings(batch.column(place), batch.schema.names[place]) for place in places
        )
        ours = answer_rows(answer, texts, titles, {})
        return pa.RecordBatch.from_arrays([*batch.columns, *ours.values()], schema=schema)

    return ordered(work, batches, usable_cores())


def _answered(pairs: Iterable[Pair], answer: Answer) -> Iterator[Columns]:
    from classifier.tables.scoring import answer_rows, ordered, usable_cores

    def work(pair: Pair) -> Columns:
        return answer_rows(answer, *pair, {})

    return ordered(work, pairs, usable_cores())


def _nothing(answer: Answer, places: tuple[int, int | None]) -> Columns:
    """Return our columns without rows."""
    import pyarrow as pa

    from classifier.tables.scoring import answer_rows

    empty = pa.array([], pa.large_string())
    return answer_rows(answer, empty, None if places[1] is None else empty, {})


def _schema(theirs: pa.Schema, ours: Columns) -> pa.Schema:
    import pyarrow as pa

    names = _beside(theirs.names, list(ours))
    fields = [item.with_name(name) for item, name in zip(theirs, names, strict=True)]
    return pa.schema([*fields, *(pa.field(name, array.type) for name, array in ours.items())], metadata=theirs.metadata)


def _places(names: Sequence[str], text: str | None, title: str | None) -> tuple[int, int | None]:
    """Return where the columns of texts and titles are."""
    from classifier.tables.columns import find, guess_text

    where = "score"
    place = guess_text(names, where, "text=") if text is None else find(names, text, "text", where)
    return place, None if title is None else find(names, title, "title", where)


def _beside(names: Sequence[str], ours: Sequence[str]) -> list[str]:
    from classifier.tables.columns import beside

    return beside(names, ours)


def _strings(array: pa.Array, name: str) -> pa.Array:
    """Return a column as one Arrow array of strings; raise UsageError if it holds anything else."""
    import pyarrow as pa

    array = _whole(array)
    kind = array.type
    if pa.types.is_dictionary(kind):
        return _strings(array.dictionary_decode(), name)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return array
    if pa.types.is_null(kind) or pa.types.is_string_view(kind):
        return array.cast(pa.large_string())
    raise _no_text(name, str(kind))


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return a column in one piece."""
    import pyarrow as pa

    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _no_text(name: str, got: str) -> UsageError:
    return UsageError(f"score: column {name!r} must hold text, got {got}. Name another column or convert it to strings")
