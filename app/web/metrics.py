"""What Prometheus reads: decisions by gate and reason, how long they took, how many can be recognised."""

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from app.wiring import System

BUCKETS = (0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """One registry an application, so that two of them in one process do not share counts."""

    def __init__(self, system: System) -> None:
        self.registry = CollectorRegistry()
        self._decisions = Counter(
            "facegate_decisions", "Recorded decisions", ["gate", "decision", "reason"], registry=self.registry
        )
        self._took = Histogram(
            "facegate_decision_seconds", "From request to decision", buckets=BUCKETS, registry=self.registry
        )
        Gauge("facegate_gallery_templates", "Employees that can be recognised", registry=self.registry).set_function(
            lambda: len(system.gallery)
        )
        Gauge(
            "facegate_gallery_revision", "Change up to which the gallery is current", registry=self.registry
        ).set_function(lambda: system.gallery.revision)
        Gauge("facegate_recognition_workers", "Faces recognised at once", registry=self.registry).set(
            system.recognition.engines
        )
        system.on_decision.append(self.count)

    def count(self, answer: dict[str, Any]) -> None:
        self._decisions.labels(answer["gate"], answer["decision"], answer["reason"]).inc()
        self._took.observe(answer["took_ms"] / 1000)

    def text(self) -> bytes:
        return generate_latest(self.registry)
