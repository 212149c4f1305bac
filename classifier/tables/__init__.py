"""Tables: files of any common format in, the same rows in the same order with our columns out."""

from __future__ import annotations

from classifier.tables.batches import Answer, Columns
from classifier.tables.job import Progress, Say, score_file
from classifier.tables.opening import Options
from classifier.tables.tally import Tally

__all__ = ["Answer", "Columns", "Options", "Progress", "Say", "Tally", "score_file"]
