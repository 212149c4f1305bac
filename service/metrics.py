"""What the service counts, for Prometheus: requests, latency, texts, roles, reasons, confidence, hooks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess

from classifier import Result

SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The library's variable for the folder in which several processes add up what they count."""

_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
_SHARES: Final = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)

Metric = TypeVar("Metric", Counter, Histogram)


class Metrics:
    """The counters of one app."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._children: dict[tuple[Any, ...], Any] = {}
        self.registry = CollectorRegistry()
        where = self.registry
        self.requests = Counter(
            "rolecall_requests", "Requests answered.", ("method", "route", "status"), registry=where
        )
        self.seconds = Histogram(
            "rolecall_request_seconds", "Time to the end of the answer.", ("route",), buckets=_SECONDS, registry=where
        )
        self.texts = Counter("rolecall_texts", "Texts answered, by way.", ("way",), registry=where)
        self.roles = Counter("rolecall_answers", "Texts answered, by decision.", ("role",), registry=where)
        self.reasons = Counter("rolecall_unsure", "Texts answered with unsure, by reason.", ("reason",), registry=where)
        self.confidence = Histogram(
            "rolecall_confidence", "Confidence of answers over /v1/classify.", buckets=_SHARES, registry=where
        )
        self.hooks = Counter(
            "rolecall_hooks",
            "Deliveries of hooks, by what came of them; one that waited is counted again when it ends.",
            ("system", "outcome"),
            registry=where,
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._child(self.requests, method, route, str(status)).inc()
        self._child(self.seconds, route).observe(seconds)

    def answers(self, results: Iterable[Result]) -> None:
        """Count answers that were given one by one."""
        roles: dict[str, int] = {}
        reasons: dict[str, int] = {}
        for result in results:
            roles[result.role] = roles.get(result.role, 0) + 1
            reasons[result.reason] = reasons.get(result.reason, 0) + 1
            self.confidence.observe(result.confidence)
        self.tally("classify", roles, reasons)

    def tally(self, way: str, roles: Mapping[str, int], reasons: Mapping[str, int]) -> None:
        """Count answers by decision and reason; ``way`` says over which endpoint they went."""
        self._child(self.texts, way).inc(sum(roles.values()))
        for role, count in roles.items():
            self._child(self.roles, role).inc(count)
        for reason, count in reasons.items():
            if reason:
                self._child(self.reasons, reason).inc(count)

    def hook(self, system: str, outcome: str) -> None:
        """Count what came of one delivery of a hook."""
        self._child(self.hooks, system, outcome).inc()

    def _child(self, metric: Metric, *labels: str) -> Metric:
        """Return a metric with its labels; remembered, for the library takes long to find it."""
        key = (id(metric), *labels)
        if key not in self._children:
            self._children[key] = metric.labels(*labels)
        child: Metric = self._children[key]
        return child

    def exposition(self) -> bytes:
        """Return all of it as Prometheus reads it, of all processes where they share a folder."""
        if not os.environ.get(SHARED):
            return generate_latest(self.registry)
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library's
        return generate_latest(registry)
