"""Measure how fast the answers come, beside other classifiers timed in the same run on the same texts.

    python bench/speed.py                          texts simulated from the corpus
    python bench/speed.py ads.jsonl.gz             texts of a file, one JSON object with 'text' a line
    python bench/speed.py ads.jsonl.gz --rows 1000000 --write

Ratios are what counts. Each round times everybody once, in turn, and the fastest round of each is compared. On one
thread the processor's time is taken, which other work on the machine disturbs less; everything else is by the clock.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import peers
import runs
import typer
from labelled import read_rows
from results import as_markdown

from classifier import load
from classifier.artefact import current, models_folder
from classifier.model import Head, Model, Texts
from classifier.pipeline import Classifier
from classifier.training import Corpus, read_corpus

RESULTS: Final = Path(__file__).parent / "RESULTS.md"
TEXTS: Final = 2000
"""Texts that are timed in memory."""
BATCH: Final = 1024
AD: Final = 4096
"""Bytes of the text whose latency is measured."""
CALLS: Final = 2000


def main(
    file: Annotated[Path | None, typer.Argument(help="Texts; left out, they are simulated from the corpus.")] = None,
    rows: Annotated[int, typer.Option(help="Rows of the largest table: up to 1,000,000 of about 4 kB each.")] = 10_000,
    rounds: Annotated[int, typer.Option(help="Rounds of the comparison with other classifiers.")] = 5,
    write: Annotated[bool, typer.Option("--write", help="Write the results to RESULTS.md beside this script.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure speed."""
    classifier, corpus = load(), read_corpus()
    texts = [str(row["text"]) for row in read_rows(file)] if file else simulated(corpus, TEXTS)
    found = {
        "machine": machine(),
        "texts": described(texts, "a file of real texts" if file else "simulated from the corpus"),
        "model": sizes(classifier),
        "kernel": compared(classifier, corpus, texts[:TEXTS], rounds),
        "threads": threads(classifier.model, texts[:TEXTS], rounds),
        "one_text_ms": latency(classifier, texts),
        "first_answer": runs.first_answers(),
    }
    with tempfile.TemporaryDirectory() as folder:
        found["tables"] = runs.tables(texts, rows, Path(folder))
    found["growth"] = {unit: runs.growth(found["tables"], unit) for unit in ("seconds", "cpu")}
    text = as_markdown(found)
    if write:
        RESULTS.write_text(text, encoding="utf-8")
    typer.echo(json.dumps(found) if as_json else text)


def machine() -> dict[str, str]:
    """Return what the figures were measured with."""
    packages = ("numpy", "numba", "pyarrow", "scikit-learn", "spacy")
    found = {"python": platform.python_version(), "system": platform.system(), "cores": str(os.cpu_count())}
    info = Path("/proc/cpuinfo")
    names = (
        [line.split(": ")[1] for line in info.read_text().splitlines() if "model name" in line] if info.exists() else []
    )
    found["processor"] = names[0] if names else platform.processor()
    return found | {package: peers.installed(package).split(" ")[-1] or "missing" for package in packages}


def simulated(corpus: Corpus, count: int) -> list[str]:
    """Return texts of an ad's size, put together from the corpus at random; the same each time."""
    rng = np.random.default_rng(5)
    pieces = [example.text for example in corpus.examples if example.kind in {"ad", "task", "naming"}]
    lengths = rng.lognormal(np.log(3800), 0.5, count)
    texts = []
    for length in lengths:
        parts: list[str] = []
        while sum(map(len, parts)) < length:
            parts.append(pieces[int(rng.integers(len(pieces)))])
        texts.append("\n".join(parts))
    return texts


def described(texts: Sequence[str], source: str) -> dict[str, Any]:
    """Return what the texts are."""
    lengths = [len(text.encode("utf-8", "replace")) for text in texts]
    return {"source": source, "count": len(texts), "mean_bytes": statistics.mean(lengths), "bytes": sum(lengths)}


def sizes(classifier: Classifier) -> dict[str, Any]:
    """Return the size of the model: terms, and bytes on disk, in memory, and of what the kernel reads at random."""
    model = classifier.model
    arrays = {item.name: getattr(model, item.name) for item in fields(model)}
    heads = {name: value.rows for name, value in arrays.items() if isinstance(value, Head)}
    plain = {name: value for name, value in arrays.items() if isinstance(value, np.ndarray)} | heads
    disk = (models_folder() / current() / "model.joblib").stat().st_size
    hot = ("words", "grams", "sieve", "body", "name_roles", "fold")
    return {
        "id": model.id,
        "terms": int(model.idf.size),
        "disk_bytes": disk,
        "memory_bytes": sum(value.nbytes for value in plain.values()),
        "kernel_bytes": {name: plain[name].nbytes for name in hot},
    }


def timed(work: Callable[[], Any], clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the seconds that a piece of work takes."""
    start = clock()
    work()
    return clock() - start


def compared(classifier: Classifier, corpus: Corpus, texts: Sequence[str], rounds: int) -> list[dict[str, Any]]:
    """Return bytes a second of our kernel and of its peers, one thread each, timed in turn."""
    model, columns = classifier.model, Texts.of(list(texts))
    everybody = [
        peers.Peer("ours: the kernel", lambda _: model.read(columns, model.body)),
        peers.Peer("ours: kernel, probabilities, decisions", lambda _: classifier.answer(columns)),
        peers.scikit_learn(model), peers.fasttext(corpus.examples), peers.spacy_textcat(corpus.examples),
    ]  # fmt: skip
    there = [peer for peer in everybody if peer.answer is not None]
    parts = {peer.name: texts[: max(1, int(len(texts) * peer.share))] for peer in there}
    ready = {peer.name: peer.prepare(parts[peer.name]) for peer in there}
    for peer in there:
        peer.answer(peer.prepare(texts[:8]))  # what is done once, such as loading compiled code, isn't timed
    best: dict[str, float] = {}
    for _ in range(rounds):
        for peer in there:
            seconds = timed(lambda peer=peer: peer.answer(ready[peer.name]), time.process_time)
            best[peer.name] = max(best.get(peer.name, 0.0), _bytes(parts[peer.name]) / seconds)
    ours = best[everybody[0].name]
    return [
        {"name": peer.name, "bytes_per_s": best[peer.name], "ours_is_times": ours / best[peer.name]}
        if peer in there
        else {"name": peer.name, "missing": peer.missing}
        for peer in everybody
    ]


def _bytes(texts: Sequence[str]) -> int:
    return sum(len(text.encode("utf-8", "replace")) for text in texts)


def threads(model: Model, texts: Sequence[str], rounds: int) -> float:
    """Return how many times faster two threads are than one, over batches of rows."""
    parts = [texts[start : start + BATCH // 8] for start in range(0, len(texts), BATCH // 8)]
    batches = [Texts.of(list(part)) for part in parts]

    def all_by(count: int) -> float:
        with ThreadPoolExecutor(count) as pool:
            return timed(lambda: list(pool.map(lambda batch: model.read(batch, model.body), batches * 4)))

    pairs = [(all_by(1), all_by(2)) for _ in range(rounds)]
    return min(one for one, _ in pairs) / min(two for _, two in pairs)


def latency(classifier: Classifier, texts: Sequence[str]) -> dict[str, float]:
    """Return milliseconds for one text of about 4 kB, the model being loaded: median and 99 of 100."""
    text = min(texts, key=lambda found: abs(len(found.encode("utf-8", "replace")) - AD))
    spent = sorted(timed(lambda: classifier.classify(text)) * 1000 for _ in range(CALLS))
    size = len(text.encode("utf-8", "replace"))
    return {"bytes": size, "median": spent[CALLS // 2], "p99": spent[CALLS * 99 // 100]}


if __name__ == "__main__":
    typer.run(main)
