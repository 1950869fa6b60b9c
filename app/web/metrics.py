"""Prometheus metrics: decisions by gate and reason, their duration, gates, cameras and the gallery."""

from collections import Counter as Tally
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from app.core.cameras.health import CameraState
from app.core.errors import NotRecorded
from app.core.events.decision import RecordedDecision
from app.core.gates.commands import DoorState, GateResult
from app.services.cameras.camera_states import NOT_WATCHED
from app.web.camera_views import CameraView, enabled_views
from app.wiring import System
from app.worker.supervisor import Supervisor

BUCKETS = (0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5)
# Outcomes of a frame, each with its count in the loop's tally.
FRAMES = {
    "processed": "frames",
    "skipped": "skipped",
    "repeated": "repeated",
    "engine_busy": "busy",
    "failed": "faults",
}
STATES = (*(state.value for state in CameraState), NOT_WATCHED)


class Gates(Collector):
    """The gates that this process drives, read at each scrape because gates come and go."""

    def __init__(self, system: System) -> None:
        self._control = system.gate_control

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily(
            "facegate_gate_up", "1 if the gate can be driven now, else 0.", labels=["gate", "driver"]
        )
        door = GaugeMetricFamily(
            "facegate_gate_door_state", "1 for the state the door is in, 0 for the others.", labels=["gate", "state"]
        )
        for gate in self._control.view():
            up.add_metric([gate.name, gate.driver.value], float(gate.fault is None))
            for state in DoorState if gate.door is not None else ():
                door.add_metric([gate.name, state.value], float(gate.door is state))
        yield up
        yield door


class Cameras(Collector):
    """Every enabled camera: its state, and what became of its frames if this process watches it.

    views: returns the cameras as they are now.
    """

    def __init__(self, views: Callable[[], Sequence[CameraView]]) -> None:
        self._views = views

    def collect(self) -> Iterator[Metric]:
        state = GaugeMetricFamily(
            "facegate_camera_state", "1 for the state the camera is in, 0 for the others.", labels=["camera", "state"]
        )
        frames = CounterMetricFamily(
            "facegate_camera_frames", "Frames of this process's cameras, by outcome.", labels=["camera", "outcome"]
        )
        latency = GaugeMetricFamily(
            "facegate_camera_latency_p95_seconds",
            "95th percentile of the time from capture to the end of a frame's work, over the newest thousand frames.",
            labels=["camera"],
        )
        for view in self._views():
            name = view.camera.name
            for one in STATES:
                state.add_metric([name, one], float(view.state == one))
            if view.watched is None:
                continue
            tally = view.watched.loop.tally
            for outcome, count in FRAMES.items():
                frames.add_metric([name, outcome], float(getattr(tally, count)))
            if newest := sorted(tally.latency_ms):
                latency.add_metric([name], newest[int(0.95 * (len(newest) - 1))] / 1000)
        yield from (state, frames, latency)


class Standing(Collector):
    """What an operator is woken for: open alerts, and how old the newest good backup is. Read at each scrape."""

    def __init__(self, system: System) -> None:
        self._system = system

    def collect(self) -> Iterator[Metric]:
        alerts = GaugeMetricFamily(
            "facegate_alerts_open", "Alerts whose cause lasts, by severity and kind.", labels=["severity", "kind"]
        )
        backup = GaugeMetricFamily("facegate_backup_age_seconds", "Since the newest good backup; none: no sample.")
        failures = CounterMetricFamily(
            "facegate_database_refusals", "Writes that the database refused this process since its start."
        )
        failures.add_metric([], float(self._system.store.failures))
        # Without the database nothing is known of the others; a scrape still tells that it refuses.
        with suppress(NotRecorded), self._system.store.read() as tx:
            lasting = Tally((alert.severity.value, alert.kind.value) for alert in tx.alerts.uncleared())
            for labels, count in sorted(lasting.items()):
                alerts.add_metric(labels, count)
        with suppress(NotRecorded):
            good = self._system.backups.newest_good()
            if good is not None:
                backup.add_metric([], (self._system.clock() - good.at).total_seconds())
        yield from (alerts, backup, failures)


class Receivers(Collector):
    """What goes out to receivers of alerts. Only the process that sends counts what it sent."""

    def __init__(self, system: System) -> None:
        self._system = system

    def collect(self) -> Iterator[Metric]:
        sent = CounterMetricFamily(
            "facegate_alert_deliveries",
            "What this process sent to receivers of alerts: delivered, given_up, dropped; failed: to be tried again.",
            labels=["receiver", "outcome"],
        )
        waiting = GaugeMetricFamily(
            "facegate_alert_deliveries_waiting", "Deliveries that wait, by receiver.", labels=["receiver"]
        )
        failing = GaugeMetricFamily(
            "facegate_alert_receiver_failing", "1 if the receiver does not take its messages.", labels=["receiver"]
        )
        for (name, outcome), count in sorted(self._system.outward.sender.counts.copy().items()):
            sent.add_metric([name, outcome], float(count))
        with suppress(NotRecorded):
            for view in self._system.outward.book.all():
                waiting.add_metric([view.receiver.name], float(view.waiting))
                failing.add_metric([view.receiver.name], float(view.failing))
        yield from (sent, waiting, failing)


class Metrics:
    """One registry for each application, so that two in one process do not share counts."""

    def __init__(self, system: System, supervisor: Supervisor | None) -> None:
        self.registry = CollectorRegistry()
        self._decisions = Counter(
            "facegate_decisions",
            "Recorded decisions, by outcome and reason.",
            ["gate", "decision", "reason"],
            registry=self.registry,
        )
        self._took = Histogram(
            "facegate_decision_duration_seconds",
            "Time from a request, or from the newest frame, to the recorded decision.",
            buckets=BUCKETS,
            registry=self.registry,
        )
        Gauge("facegate_gallery_templates", "Employees that can be recognised.", registry=self.registry).set_function(
            lambda: len(system.gallery)
        )
        Gauge(
            "facegate_gallery_revision",
            "Number of the newest change of templates that the gallery has.",
            registry=self.registry,
        ).set_function(lambda: system.gallery.revision)
        Gauge("facegate_recognition_workers", "How many requests are recognised at once.", registry=self.registry).set(
            system.recognition.engines
        )
        self._results = Counter(
            "facegate_gate_results", "Commands to gates, by outcome.", ["gate", "outcome"], registry=self.registry
        )
        self.registry.register(Standing(system))
        self.registry.register(Receivers(system))
        self.registry.register(Gates(system))
        self.registry.register(Cameras(partial(enabled_views, system, supervisor)))
        system.on_decision.append(self.count)
        system.gate_control.on_result.append(self.count_result)

    def count(self, decision: RecordedDecision) -> None:
        self._decisions.labels(decision.gate, decision.verdict.value, decision.reason.value).inc()
        self._took.observe(decision.duration_ms / 1000)

    def count_result(self, gate: str, result: GateResult) -> None:
        self._results.labels(gate, result.outcome.value).inc()

    def text(self) -> bytes:
        return generate_latest(self.registry)
