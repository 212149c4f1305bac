"""Spark on this machine: a cluster of two workers, each a process of its own, on the loopback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from classifier.errors import UsageError
from classifier.integrations.spark import score
from classifier.pipeline import Classifier

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parent.parent.parent
ROWS = [(number, f"Lead incident {number} & review it", "SRE" if number % 2 else None) for number in range(50)]

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::FutureWarning"
)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A session on a cluster of two workers with one core each."""
    from pyspark.sql import SparkSession

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        folder = tmp_path_factory.mktemp("spark")
        made = (
            SparkSession.builder.master("local-cluster[2,1,1024]")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.executorEnv.PYTHONPATH", str(ROOT))
            .config("spark.local.dir", str(folder))
            .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
            .getOrCreate()
        )
        yield made
        made.stop()


@pytest.mark.usefixtures("model_folder")
def test_a_frame_is_scored_as_classify_answers(session: SparkSession, classifier: Classifier) -> None:
    df = session.createDataFrame(ROWS, "id int, description string, role string").repartition(4)
    found = {row["id"]: row for row in score(df, text="description").collect()}
    assert sorted(found) == [number for number, _, _ in ROWS]
    for number, text, role in ROWS:
        result, row = classifier.classify(text), found[number]
        assert (row["role"], row["best"], row["model"], row["error"]) == (result.role, result.best, result.model, "")
        assert row["p_sre"] == pytest.approx(result.probabilities["sre"], abs=1e-12)
        assert row["role_input"] == role


@pytest.mark.usefixtures("model_folder")
def test_titles_and_parquet(session: SparkSession, classifier: Classifier, tmp_path: Path) -> None:
    df = session.createDataFrame(ROWS, "id int, description string, title string")
    score(df, text="description", title="title").write.parquet(str(tmp_path / "out"))
    rows = {row["id"]: row for row in session.read.parquet(str(tmp_path / "out")).collect()}
    assert len(rows) == len(ROWS)
    assert rows[1]["confidence"] == pytest.approx(classifier.classify(ROWS[1][1], title="SRE").confidence, abs=1e-12)


@pytest.mark.usefixtures("model_folder")
def test_a_wrong_column_is_said_before_anything_runs(session: SparkSession) -> None:
    df = session.createDataFrame(ROWS, "id int, description string, title string")
    with pytest.raises(UsageError, match=r"text must be one of its columns \(id, description, title\), got 'body'"):
        score(df, text="body")
    with pytest.raises(UsageError, match="column 'id' must hold text"):
        score(df, text="id").collect()
