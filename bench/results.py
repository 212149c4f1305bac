"""The results of the speed benchmark as Markdown."""

from __future__ import annotations

from typing import Any, Final

MB: Final = 1e6


def as_markdown(found: dict[str, Any]) -> str:
    """Return all results, with the versions they were measured with."""
    parts = [_head(found), _kernel(found), _model(found), _tables(found)]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _head(found: dict[str, Any]) -> list[str]:
    texts = found["texts"]
    versions = ", ".join(f"{name} {value}" for name, value in found["machine"].items())
    return [
        "# Speed",
        "",
        "Written by `python bench/speed.py --write`. Ratios are of one run, everybody timed in turn on the same texts.",
        "",
        f"- measured with: {versions}",
        f"- texts: {texts['count']:,}, {texts['source']}, {texts['mean_bytes']:,.0f} bytes in the mean",
    ]


def _kernel(found: dict[str, Any]) -> list[str]:
    lines = ["## One thread, texts in memory", "", "| classifier | MB/s | our kernel is |", "|---|---|---|"]
    for row in found["kernel"]:
        if "missing" in row:
            lines.append(f"| {row['name']} | not measured: {row['missing']} | |")
        else:
            lines.append(
                f"| {row['name']} | {row['bytes_per_s'] / MB:,.1f} | {row['ours_is_times']:,.1f} times as fast |"
            )
    one, first = found["one_text_ms"], found["first_answer"]
    return [
        *lines,
        "",
        f"- two threads against one: {found['threads']:.2f} times",
        f"- one text of {one['bytes']:,} bytes in Python: {one['median']:.3f} ms (median), {one['p99']:.3f} ms (99 %)",
        "- first answer of a fresh process: "
        + ", ".join(
            f"{name} {spent['seconds']:.2f} s ({spent['cpu']:.2f} s of processors)" for name, spent in first.items()
        ),
    ]


def _model(found: dict[str, Any]) -> list[str]:
    model = found["model"]
    hot = ", ".join(f"{name} {size / MB:.2f}" for name, size in model["kernel_bytes"].items())
    return [
        "## Model",
        "",
        f"- {model['id']}: {model['terms']:,} terms, {model['disk_bytes'] / MB:.1f} MB on disk",
        f"- what the kernel reads, in MB: {hot}",
    ]


def _tables(found: dict[str, Any]) -> list[str]:
    head = "| rows | threads | MB | runs | seconds | MB/s | processor seconds | peak memory, MB |"
    lines = ["## CSV to CSV", "", head, "|---|---|---|---|---|---|---|---|"]
    for row in found["tables"]:
        rate = row["bytes"] / row["seconds"] / MB
        lines.append(
            f"| {row['rows']:,} | {row['workers']} | {row['bytes'] / MB:,.0f} | {row['times']} | {row['seconds']:.2f} "
            f"| {rate:,.0f} | {row['cpu']:.2f} | {row['peak'] / MB:,.0f} |"
        )
    lines += ["", "Times are the medians of the runs, memory is the highest peak."]
    clock, cpu = (found["growth"][unit] for unit in ("seconds", "cpu"))
    if clock is not None:
        lines += [
            "",
            "- what a row more costs, in the last step between the sizes against the step before: "
            f"{clock:.2f} times on the clock, {cpu:.2f} times of processors",
        ]
    return lines
