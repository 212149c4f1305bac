"""Plots as SVG, to stand in a page. The only door to matplotlib."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from classifier.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE: Final = (5.2, 3.9)
COLOURS: Final = ("#1f77b4", "#d1495b", "#2a9d5c", "#8e5ea2", "#777777")


def drawn(draw: Callable[[Axes], None], size: tuple[float, float] = SIZE) -> str:
    """Return what a function draws as SVG of its own; raise UsageError where matplotlib is missing."""
    try:
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError("--report: needs matplotlib, got none. Install it: pip install 'rolecall[report]'") from None
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasSVG(figure)
    draw(figure.subplots())
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    svg = out.getvalue()
    return svg[svg.index("<svg") :]


def confusion(table: list[list[int]], roles: list[str]) -> str:
    """Draw how many texts of each label (row) got each answer (column), shaded by share of the row."""
    counts = np.array(table)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)

    def draw(axes: Axes) -> None:
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(counts):
            colour = "white" if shares[row, column] > 0.6 else "#222222"
            axes.text(
                column, row, f"{count}\n{shares[row, column]:.0%}", ha="center", va="center", color=colour, size=9
            )
        axes.set_xticks(range(len(roles)), roles)
        axes.set_yticks(range(len(roles)), roles)
        axes.set_xlabel("answered")
        axes.set_ylabel("is")

    return drawn(draw)


def reliability(bins: list[dict[str, Any]]) -> str:
    """Draw the share that was right against the confidence said, with intervals of 95 %."""

    def draw(axes: Axes) -> None:
        said = [each["confidence"] for each in bins]
        right = [each["right"]["value"] for each in bins]
        low = [each["right"]["value"] - each["right"]["low"] for each in bins]
        high = [each["right"]["high"] - each["right"]["value"] for each in bins]
        axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1, label="as said")
        axes.errorbar(
            said, right, yerr=np.maximum([low, high], 0), fmt="o", color=COLOURS[0], capsize=3, label="measured"
        )
        for each, place in zip(bins, right, strict=True):
            axes.annotate(
                str(each["n"]), (each["confidence"], place), xytext=(5, -12), textcoords="offset points", size=8
            )
        axes.set(xlim=(0, 1.04), ylim=(0, 1.04), xlabel="confidence said", ylabel="share that was right")
        axes.legend(loc="upper left", frameon=False)

    return drawn(draw)


def risk_coverage(points: list[dict[str, float]], chosen: tuple[float, float] | None) -> str:
    """Draw the share of wrong answers against the share of texts answered, and where the policy stands."""

    def draw(axes: Axes) -> None:
        axes.plot([point["coverage"] for point in points], [point["risk"] for point in points], color=COLOURS[1])
        if chosen is not None:
            axes.plot(*chosen, "o", color="#222222", label="the policy")
            axes.legend(loc="upper left", frameon=False)
        axes.set(
            xlim=(0, 1.02), ylim=(0, None), xlabel="share of texts answered", ylabel="share of answers that is wrong"
        )

    return drawn(draw)


def shares(rows: list[dict[str, Any]], names: tuple[str, ...], label: str) -> str:
    """Draw shares with intervals of 95 %, a row of points for each name."""

    def draw(axes: Axes) -> None:
        places = np.arange(len(rows))[::-1]
        for number, name in enumerate(names):
            shown = [
                (place, row[name]) for place, row in zip(places, rows, strict=True) if row[name]["value"] is not None
            ]
            shift = 0.12 * (number - (len(names) - 1) / 2)
            axes.errorbar(
                [share["value"] for _, share in shown],
                [place - shift for place, _ in shown],
                xerr=np.maximum(
                    [[s["value"] - s["low"] for _, s in shown], [s["high"] - s["value"] for _, s in shown]], 0
                ),
                fmt="o", color=COLOURS[number], capsize=3, label=name.replace("_", " "),
            )  # fmt: skip
        axes.set_yticks(places, [f"{row['name']} ({row['n']})" for row in rows])
        axes.set(xlim=(0, 1.02), ylim=(-0.6, len(rows) - 0.4), xlabel=label)
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.16), ncols=len(names), frameon=False)

    return drawn(draw, (SIZE[0], 1.6 + 0.45 * len(rows)))
