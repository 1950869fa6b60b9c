"""Prometheus metrics: decisions by gate and reason, their duration, gates, cameras and the gallery."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from app.core.cameras.health import CameraState
from app.core.events.decision import RecordedDecision
from app.core.gates.commands import DoorState, GateResult
from app.services.cameras.camera_states import NOT_WATCHED
from app.web.camera_views import CameraView, enabled_views
from app.wiring import System
from app.worker.supervisor import Supervisor

BUCKETS = (0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5)
STATES = (*(state.value for state in CameraState), NOT_WATCHED)


class Gates(Collector):
    """The gates that this process drives, read at each scrape because gates come and go."""

    def __init__(self, system: System) -> None:
        self._control = system.gate_control

    def collect(self) -> Iterator[Metric]:
        works = GaugeMetricFamily("facegate_gate_works", "1: the gate can be driven now", labels=["gate", "driver"])
        door = GaugeMetricFamily("facegate_gate_door", "1: the door is in this state", labels=["gate", "state"])
        for gate in self._control.view():
            works.add_metric([gate.name, gate.driver.value], float(gate.fault is None))
            for state in DoorState if gate.door is not None else ():
                door.add_metric([gate.name, state.value], float(gate.door is state))
        yield works
        yield door


class Cameras(Collector):
    """Every enabled camera: its state, and what became of its frames if this process watches it.

    views: returns the cameras as they are now.
    """

    def __init__(self, views: Callable[[], Sequence[CameraView]]) -> None:
        self._views = views

    def collect(self) -> Iterator[Metric]:
        state = GaugeMetricFamily("facegate_camera_state", "1: the camera is in this state", labels=["camera", "state"])
        frames = CounterMetricFamily("facegate_camera_frames", "Frames by what was done", labels=["camera", "what"])
        latency = GaugeMetricFamily(
            "facegate_camera_latency_seconds", "95 % of newest frames: capture to end of work", labels=["camera"]
        )
        for view in self._views():
            name = view.camera.name
            for one in STATES:
                state.add_metric([name, one], float(view.state == one))
            if view.post is None:
                continue
            tally = view.post.loop.tally
            for what in ("frames", "skipped", "repeated", "busy", "faults"):
                frames.add_metric([name, what], float(getattr(tally, what)))
            if newest := sorted(tally.latency_ms):
                latency.add_metric([name], newest[int(0.95 * (len(newest) - 1))] / 1000)
        yield from (state, frames, latency)


class Metrics:
    """One registry for each application, so that two in one process do not share counts."""

    def __init__(self, system: System, supervisor: Supervisor | None) -> None:
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
        self._results = Counter(
            "facegate_gate_results", "What gates did with their commands", ["gate", "outcome"], registry=self.registry
        )
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
