"""The shape of the project, as checks: who imports whom, how long a module may be, that the core reads no clock."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
MODULES = [p for folder in ("app", "models", "migrations", "tests") for p in sorted((ROOT / folder).rglob("*.py"))]
CORE = sorted((ROOT / "app" / "core").rglob("*.py"))
LONGEST = 300
NOUNS = ("access", "accounts", "alerts", "cameras", "events", "gates", "imports", "people", "recognition", "site")
UNTESTED_ROOMS = ("cameras",)  # tested where cameras are watched: tests/worker, tests/web/cameras
TOPS = ("app", "models", "migrations", "tests")
FOLDERS = sorted({p.parent for top in TOPS for p in (ROOT / top).rglob("*.*") if "__pycache__" not in p.parts})
# Migrations are one line of versions, without rooms.
MOST_FILES = {
    "migrations/versions": 99,
    "tests/adapters/db": 18,
}
TESTS = [p for p in MODULES if p.relative_to(ROOT).parts[0] == "tests"]
# Programs that any Python runs without this repository, and pace themselves. The benches measure on the real clock.
MAY_SLEEP = ("tests/waiting.py", "tests/adapters/cameras/rtsp_server.py", "tests/e2e/mjpeg_camera.py", "tests/bench/")
IMPURE = {"time", "random", "os", "io", "pathlib", "socket", "threading", "subprocess", "logging", "secrets", "sys"}


def test_imports_keep_the_contracts() -> None:
    """Layers, the order of the nouns, no circles: the contracts are in pyproject.toml."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("module", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_holds_one_thought(module: Path) -> None:
    lines = module.read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST, f"{lines} lines: split it where the thought changes"


def test_there_are_modules_to_check() -> None:
    assert len(MODULES) > 50
    assert len(CORE) > 40


@pytest.mark.parametrize("module", CORE, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_core_reads_no_clock_and_touches_nothing(module: Path) -> None:
    """What may pass must not depend on when a test runs: time is a value passed in."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not {alias.name.split(".")[0] for alias in node.names} & IMPURE
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in IMPURE
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"now", "utcnow", "today"}, f"line {node.lineno} reads a clock"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"open", "print", "input"}


@pytest.mark.parametrize("noun", NOUNS)
def test_a_noun_has_a_room_on_every_floor(noun: str) -> None:
    """Whoever knows where people live in the services knows where they live in the core and the tests."""
    assert any((ROOT / "app" / "services" / noun).glob("*.py"))
    assert any((ROOT / "tests" / "services" / noun).glob("test_*.py")) or noun in UNTESTED_ROOMS


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_folder_is_seen_at_a_glance(folder: Path) -> None:
    """The services were 50 files in one corridor once, and nobody found anything."""
    files = [p.name for p in folder.iterdir() if p.is_file() and p.name != "__init__.py" and p.suffix != ".pyc"]
    assert len(files) <= MOST_FILES.get(str(folder.relative_to(ROOT)), 16), sorted(files)


@pytest.mark.parametrize(
    "module", [m for m in MODULES if m.name != "__init__.py"], ids=lambda p: str(p.relative_to(ROOT))
)
def test_a_module_says_what_it_is_for(module: Path) -> None:
    assert ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))


@pytest.mark.parametrize("module", TESTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_test_imports_no_other_test(module: Path) -> None:
    """What tests share is in a module of its own, or in a conftest."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        assert not [name for name in names if name.rpartition(".")[2].startswith("test_")], f"line {node.lineno}"


@pytest.mark.parametrize("module", TESTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_test_waits_as_all_tests_wait(module: Path) -> None:
    """No sleep, and no loop that only asks again: `tests/waiting.py` has a limit that a busy machine keeps."""
    if str(module.relative_to(ROOT)).startswith(MAY_SLEEP):
        return
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called.rpartition(".")[2] != "sleep", f"line {node.lineno} sleeps"
            assert not (called.endswith("Event().wait") and node.args), f"line {node.lineno} sleeps"
        if isinstance(node, ast.While):
            busy = all(isinstance(each, ast.Pass | ast.Assert) for each in node.body)
            assert not busy, f"line {node.lineno} asks without a pause"


def test_the_apps_readme_lists_every_setting_and_its_default() -> None:
    readme = (ROOT / "app" / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(rf"^\| `{PREFIX}(\w+)` \| `([^`]*)` \|", readme, flags=re.MULTILINE))
    shown = {name: field.default for name, field in Settings.model_fields.items()}
    expected = {
        name.upper(): "" if value is None else ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        for name, value in shown.items()
    }
    assert rows == expected


READMES = [p for p in sorted(ROOT.rglob("README.md")) if not {".venv", ".pytest_cache", "node_modules"} & set(p.parts)]


def test_the_readme_can_be_read_to_its_end() -> None:
    """It was 12,000 words once. What a folder is about is in the folder's own README."""
    assert (ROOT / "README.md").read_text(encoding="utf-8").count("\n") <= 180


@pytest.mark.parametrize("readme", READMES, ids=lambda p: str(p.relative_to(ROOT)))
def test_what_a_readme_links_to_is_there(readme: Path) -> None:
    text = readme.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (readme.parent / target).exists(), target


@pytest.mark.parametrize("readme", READMES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_heading_that_a_readme_links_to_is_there(readme: Path) -> None:
    text = readme.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)]+)\)", text):
        if "://" in target:
            continue
        page = readme.parent / target if target else readme
        headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert anchor in anchors, f"{target}#{anchor}"
