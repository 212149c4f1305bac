"""Score a Spark data frame: Arrow batches go to the kernel as they are; no row becomes a Python object.

The model travels to the workers as one broadcast; they need the package, but no model of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from classifier.model import Model
from classifier.pipeline import Classifier

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

Batches = Callable[[Iterator["pa.RecordBatch"]], Iterator["pa.RecordBatch"]]


def score(df: DataFrame, *, text: str, title: str | None = None, model: str | None = None) -> DataFrame:
    """Return a data frame with our columns added, row by row in the partitions of ``df``.

    ``text`` and ``title`` name its columns; ``model`` names a model on the driver, None is the
    current one. Columns of ``df`` that are named like ours get the suffix ``_input``. Raises
    UsageError where a column is not there or holds no text.
    """
    import pyarrow as pa
    from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

    from classifier import load

    classifier = _portable(load(model))
    columns = to_arrow_schema(df.schema)
    blank = pa.Table.from_arrays([pa.nulls(1, field.type) for field in columns], names=columns.names)
    schema = from_arrow_schema(classifier.score(blank, text=text, title=title).schema)
    sent = df.sparkSession.sparkContext.broadcast(classifier)
    return df.mapInArrow(_scorer(sent, text, title), schema)


def _portable(classifier: Classifier) -> Classifier:
    """Return the classifier with its arrays in memory instead of maps of a file on this machine."""
    parts = {
        name: np.array(part) if isinstance(part, np.ndarray) else part
        for name, part in classifier.model.to_parts().items()
    }
    return replace(classifier, model=Model.from_parts(parts))


def _scorer(sent: Any, text: str, title: str | None) -> Batches:
    """Return what a worker does with the batches of a partition."""

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        classifier: Classifier = sent.value
        for batch in batches:
            yield classifier.score(batch, text=text, title=title)

    return work
