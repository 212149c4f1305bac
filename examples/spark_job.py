"""Score Parquet to Parquet on a Spark cluster: ``spark-submit examples/spark_job.py IN OUT TEXT_COLUMN``."""

from __future__ import annotations

import sys

from pyspark.sql import SparkSession

from classifier.integrations.spark import score


def main(source: str, target: str, text: str) -> None:
    """Read a folder of Parquet, score every row, write a folder of Parquet."""
    session = SparkSession.builder.appName("rolecall").getOrCreate()
    score(session.read.parquet(source), text=text).write.mode("errorifexists").parquet(target)
    session.stop()


if __name__ == "__main__":
    main(*sys.argv[1:4])
