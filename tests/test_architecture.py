"""The shape of the project, as checks: who imports whom, how long a module may be, that the core reads no clock."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from app.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
MODULES = [p for folder in ("app", "models", "migrations", "tests") for p in sorted((ROOT / folder).rglob("*.py"))]
CORE = sorted((ROOT / "app" / "core").rglob("*.py"))
LONGEST = 300
NOUNS = ("access", "accounts", "alerts", "cameras", "events", "gates", "imports", "people", "recognition", "site")

TOPS = ("app", "models", "migrations", "tests")
FOLDERS = sorted({p.parent for top in TOPS for p in (ROOT / top).rglob("*.*") if "__pycache__" not in p.parts})
# Migrations are one line of versions, without rooms. A bench is a file that is run by its name.
MOST_FILES = {
    "migrations/versions": 99,
    "tests/adapters/db": 20,
    "tests/bench": 18,
}
TESTS = [p for p in MODULES if p.relative_to(ROOT).parts[0] == "tests"]
# Programs that any Python runs without this repository, and pace themselves. The benches measure on the real clock.
MAY_SLEEP = ("tests/waiting.py", "tests/adapters/cameras/rtsp_server.py", "tests/e2e/mjpeg_camera.py", "tests/bench/")
IMPURE = {"time", "random", "os", "io", "pathlib", "socket", "threading", "subprocess", "logging", "secrets", "sys"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def source(module: Path) -> str:
    return module.read_text(encoding="utf-8")


def nodes(module: Path, mentions: str = "") -> list[Any]:
    """Of a module whose text has a match of `mentions`; of any other, none: parsing all takes seconds."""
    text = source(module)
    return list(ast.walk(ast.parse(text))) if re.search(mentions, text, flags=re.MULTILINE) else []


def test_imports_keep_the_contracts() -> None:
    """Layers, the order of the nouns, no circles: the contracts are in pyproject.toml."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_modules_are_short() -> None:
    """A longer one is split where the thought changes."""
    lines = {named(module): source(module).count("\n") for module in MODULES}
    assert {name: count for name, count in lines.items() if count > LONGEST} == {}


def test_there_are_modules_to_check() -> None:
    assert len(MODULES) > 50
    assert len(CORE) > 40
    assert len(TESTS) > 200


def test_core_reads_no_clock_and_touches_nothing() -> None:
    """What may pass must not depend on when a test runs: time is a value passed in."""
    found = []
    for module in CORE:
        for node in nodes(module):
            match node:
                case ast.Import(names=names):
                    impure = bool({alias.name.split(".")[0] for alias in names} & IMPURE)
                case ast.ImportFrom(module=source):
                    impure = (source or "").split(".")[0] in IMPURE
                case ast.Attribute(attr=attribute):
                    impure = attribute in {"now", "utcnow", "today"}
                case ast.Call(func=ast.Name(id=name)):
                    impure = name in {"open", "print", "input"}
                case _:
                    impure = False
            if impure:
                found.append(f"{named(module)}:{node.lineno}: {ast.unparse(node)}")
    assert found == []


@pytest.mark.parametrize("noun", NOUNS)
def test_every_layer_has_the_same_noun_folders(noun: str) -> None:
    """Whoever knows where people live in the services knows where they live in the core and the tests."""
    assert any((ROOT / "app" / "services" / noun).glob("*.py"))
    assert any((ROOT / "tests" / "services" / noun).glob("test_*.py"))


def test_folders_have_few_files() -> None:
    """The services were 50 files in one corridor once, and nobody found anything."""
    full = {}
    for folder in FOLDERS:
        files = [p.name for p in folder.iterdir() if p.is_file() and p.name != "__init__.py" and p.suffix != ".pyc"]
        if len(files) > MOST_FILES.get(named(folder), 16):
            full[named(folder)] = sorted(files)
    assert full == {}


def test_every_module_has_a_docstring() -> None:
    silent = [
        named(module) for module in MODULES if module.name != "__init__.py" and not source(module).startswith('"""')
    ]
    assert silent == []


def test_docstrings_describe_and_do_not_command() -> None:
    """ "Returns the gate", not "Return the gate". A command's docstring is its --help, which does say what to do."""
    verbs = {
        "Add",
        "Build",
        "Check",
        "Close",
        "Compare",
        "Compute",
        "Create",
        "Decide",
        "Delete",
        "Find",
        "Get",
        "Give",
    }
    verbs |= {"Keep", "Make", "Open", "Parse", "Raise", "Read", "Record", "Remember", "Remove", "Return", "Run", "Send"}
    verbs |= {"Set", "Start", "Stop", "Store", "Take", "Write", "Yield"}
    found = [
        f"{named(module)}: {node.name}"
        for module in MODULES
        if named(module).startswith("app/") and not named(module).startswith(("app/commands/", "app/__main__"))
        for node in nodes(module, rf'"""({"|".join(sorted(verbs))}) ')
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (ast.get_docstring(node) or "-").split()[0] in verbs
    ]
    assert found == []


def test_tests_import_no_other_test() -> None:
    """What tests share is in a module of its own, or in a conftest."""
    found = []
    for module in TESTS:
        for node in nodes(module, r"import .*\btest_|\.test_\w+ import|^    test_\w+,?$"):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
                if any(name.rpartition(".")[2].startswith("test_") for name in names):
                    found.append(f"{named(module)}:{node.lineno}: {ast.unparse(node)}")
    assert found == []


def test_tests_use_the_common_waiter() -> None:
    """No sleep, and no loop that only asks again: `tests/waiting.py` has a limit that a busy machine keeps."""
    found = []
    for module in (module for module in TESTS if not named(module).startswith(MAY_SLEEP)):
        for node in nodes(module, r"sleep|\.wait\(|while "):
            match node:
                case ast.Call(func=ast.Attribute(attr="sleep") | ast.Name(id="sleep")):
                    wrong = True
                case ast.Call(func=ast.Attribute(attr="wait", value=ast.Call()), args=[_, *_]):
                    wrong = True  # Event().wait(1): nobody else has that event
                case ast.While(body=body):
                    wrong = all(isinstance(each, ast.Pass | ast.Assert) for each in body)
                case _:
                    wrong = False
            if wrong:
                found.append(f"{named(module)}:{node.lineno}: {ast.unparse(node)}")
    assert found == []


def test_rows_are_sealed_under_the_master_key_alone() -> None:
    """A key that is written down, even one for tests, would seal rows that open doors."""
    keys = []
    for module in (module for module in MODULES if named(module).startswith("app/")):
        for node in nodes(module, r"RowSeals\("):
            match node:
                case ast.Call(func=ast.Name(id="RowSeals") | ast.Attribute(attr="RowSeals"), args=args):
                    keys.append((named(module), *map(ast.unparse, args)))
    assert keys == [("app/wiring/data_keys.py", "derive(master, b'facegate row seals v1')")]


def test_apps_readme_lists_every_setting_and_its_default() -> None:
    readme = (ROOT / "app" / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(rf"^\| `{PREFIX}(\w+)` \| `([^`]*)` \|", readme, flags=re.MULTILINE))
    shown = {name: field.default for name, field in Settings.model_fields.items()}
    expected = {
        name.upper(): "" if value is None else ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        for name, value in shown.items()
    }
    assert rows == expected


READMES = [p for p in sorted(ROOT.rglob("README.md")) if not {".venv", ".pytest_cache", "node_modules"} & set(p.parts)]


def test_service_needs_no_library_of_an_extra() -> None:
    """What only some sites need is imported where it is used: a gate without a broker installs no client of one."""
    extras = ("paho", "osdp", "osdp_sys", "serial", "psycopg", "torch", "torchvision", "facenet_pytorch", "matplotlib")
    program = f"import sys; sys.modules.update(dict.fromkeys({extras})); import app.process.serving, app.demo.play"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_routes_are_built_once() -> None:
    """FastAPI builds those of an included router again: a quarter of a second more until a gate opens."""
    assert [
        named(module) for module in MODULES if named(module).startswith("app/") and ".include_router(" in source(module)
    ] == []


def test_readme_is_short() -> None:
    """It was 12,000 words once. What a folder is about is in the folder's own README."""
    assert (ROOT / "README.md").read_text(encoding="utf-8").count("\n") <= 180


@pytest.mark.parametrize("readme", READMES, ids=lambda p: str(p.relative_to(ROOT)))
def test_readme_links_lead_to_files(readme: Path) -> None:
    text = readme.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (readme.parent / target).exists(), target


@pytest.mark.parametrize("readme", READMES, ids=lambda p: str(p.relative_to(ROOT)))
def test_readme_links_lead_to_headings(readme: Path) -> None:
    text = readme.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)]+)\)", text):
        if "://" in target:
            continue
        page = readme.parent / target if target else readme
        headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert anchor in anchors, f"{target}#{anchor}"
