"""Dashboard and alert rules name only metrics and labels that the service gives."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.web.conftest import Headers, TestClient

DOCKER = Path(__file__).parents[3] / "docker"
RULES, DASHBOARD = DOCKER / "prometheus-rules.yaml", DOCKER / "grafana-dashboard.json"


def expressions() -> dict[str, str]:
    """What is asked of Prometheus, by the title of the panel or the name of the alert."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    asked = {f"{one['title']} {target['refId']}": target["expr"] for one in panels for target in one["targets"]}
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        asked.update({rule["alert"]: rule["expr"] for rule in group["rules"]})
    return asked


def test_every_metric_that_is_asked_for_is_given(client: TestClient, admin: Headers) -> None:
    text = client.get("/metrics", headers=admin).text
    given = set(re.findall(r"^# TYPE (facegate_\w+)", text, re.M))
    asked = {name for one in expressions().values() for name in re.findall(r"facegate_\w+", one)}
    assert len(expressions()) >= 20
    assert {name.removesuffix("_bucket") for name in asked} <= given, asked - given


def test_metrics_that_an_operator_needs_are_shown() -> None:
    shown = " ".join(expressions().values())
    for name in (
        "decisions",
        "decision_duration",
        "gate_up",
        "gate_results",
        "camera_state",
        "alerts_open",
        "backup_age",
        "alert_deliveries_total",
        "alert_receiver_failing",
    ):
        assert f"facegate_{name}" in shown


def test_every_alert_says_what_to_do() -> None:
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in ("critical", "warning")
            assert rule["annotations"]["summary"] and rule["annotations"]["do"].endswith(".")


def test_dashboard_has_a_place_for_each_panel() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len({one["id"] for one in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for one in panels:
        at = one["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24 and not cells & taken, one["title"]
        taken |= cells


def test_prometheus_takes_the_rules() -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool, of Debian's prometheus, is not here")
    told = subprocess.run(["promtool", "check", "rules", RULES], capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stdout + told.stderr
