"""Finds the error codes that the source can give, by reading it: no list of them is kept by hand."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from app.core.types import QualityProblem
from app.web.errors import HTTP_CODES, STATUS

APP = Path(__file__).parents[1] / "app"
# These speak to whoever runs a command, not over HTTP.
COMMAND_LINE = ("__main__.py", "commands", "demo", "wiring/importing.py")
STATUSES = {kind.__name__: status for kind, status in STATUS.items()}
# Makers of a problem with a row, a photo or a rule set, each with the place of the code among its arguments.
PROBLEMS = {"RowProblem": 0, "Problem": 1, "refused": 1}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Module:
    name: str
    tree: ast.Module
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for parent in ast.walk(self.tree):
            for child in ast.iter_child_nodes(parent):
                self.parents[child] = parent

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        while node in self.parents:
            node = self.parents[node]
            yield node


class Unresolved(Exception):
    """A code that reading cannot tell: write it as a literal where it is raised."""


class Source:
    """The application's modules.

    errors: statuses by code, of every refusal and every error answer. problems: codes of rows, photos and rule sets.
    """

    def __init__(self) -> None:
        files = [path for path in sorted(APP.rglob("*.py")) if not _speaks_to_operators(path)]
        self.modules = [Module(str(path.relative_to(APP)), ast.parse(path.read_text())) for path in files]
        self._calls: dict[str, list[tuple[Module, ast.Call]]] = defaultdict(list)
        for module in self.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Call):
                    self._calls[_name(node.func)].append((module, node))
        self.statuses = dict(STATUSES)
        self.errors: dict[str, set[int]] = defaultdict(set)
        self.problems = {problem.value for problem in QualityProblem}
        self._read()

    def reasons_of(self, folder: str) -> set[str]:
        """The members of `Reason` that the modules of a folder, or one module, name."""
        return {
            node.attr.lower()
            for module in self.modules
            if module.name.startswith(folder)
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Reason"
        }

    def _read(self) -> None:
        for module in self.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.ClassDef) and (base := self._status_of(node)) is not None:
                    own = [n for n in ast.walk(node) if isinstance(n, ast.Call) and "super()" in ast.unparse(n.func)]
                    for call in own:  # a class that names its code itself
                        self._add(base, module, call.args[0])
                    if all(isinstance(call.args[0], ast.Name) for call in own):  # or passes on what it is given
                        self.statuses[node.name] = base
        for kind, status in self.statuses.items():
            for module, call in self._calls[kind]:
                if call.args:
                    self._add(status, module, call.args[0])
        for module, call in self._calls["problem"]:
            if len(call.args) > 2 and isinstance(call.args[0], ast.Constant):
                self._add(int(str(call.args[0].value)), module, call.args[1])
        for status, code in HTTP_CODES.items():
            self.errors[code].add(status)
        for kind, place in PROBLEMS.items():
            for module, call in self._calls[kind]:
                if len(call.args) > place and isinstance(call.func, ast.Name):
                    self.problems |= self._spellings(module, call.args[place])

    def _status_of(self, node: ast.ClassDef) -> int | None:
        return next((self.statuses[_name(base)] for base in node.bases if _name(base) in self.statuses), None)

    def _add(self, status: int, module: Module, code: ast.expr) -> None:
        for spelling in self._spellings(module, code):
            self.errors[spelling].add(status)

    def _spellings(self, module: Module, node: ast.expr) -> set[str]:
        """Every text that an expression can be. A code that is passed on from another refusal adds nothing."""
        match node:
            case ast.Constant(value=str(text)):
                return {text}
            case ast.Attribute(attr="code") | ast.Subscript(value=ast.Attribute(attr="problems")):
                return set()
            case ast.Call(func=ast.Name(id="str"), args=[ast.Attribute(attr="reason")]):
                return self.reasons_of("core/recognition/subject.py") | self.reasons_of("services/recognition/")
            case ast.JoinedStr(values=[ast.Constant(value=str(begin)), ast.FormattedValue(value=value)]):
                return {begin + end for end in self._spellings(module, value)}
            case ast.Name(id=name):
                return self._values(module, node, name)
        raise Unresolved(f"{module.name}:{node.lineno}: {ast.unparse(node)}")

    def _values(self, module: Module, node: ast.expr, name: str) -> set[str]:
        found = set[str]()
        for place in module.around(node):
            match place:
                case ast.ListComp(generators=[ast.comprehension(target=ast.Name(id=bound), iter=ast.expr() as over)]):
                    if bound == name and "problems" in ast.unparse(over):
                        return set()
                case ast.For(target=target, iter=ast.Tuple(elts=items)) if _binds(target, name) is not None:
                    at = _binds(target, name)
                    chosen = [item.elts[at] if isinstance(item, ast.Tuple) else item for item in items]  # type: ignore[index]
                    return set().union(*(self._spellings(module, item) for item in chosen))
                case ast.If(
                    test=ast.Compare(left=ast.Name(id=left), ops=[ast.In()], comparators=[ast.Tuple(elts=items)])
                ):
                    if left == name:
                        return set().union(*(self._spellings(module, item) for item in items))
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    names = [argument.arg for argument in place.args.args]
                    if name in names:
                        for other, call in self._calls[place.name]:
                            if place.name.startswith("_") and other is not module:
                                continue
                            if len(call.args) > names.index(name):
                                found |= self._spellings(other, call.args[names.index(name)])
                        return found
                case ast.Module(body=body):
                    for statement in body:
                        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
                            return self._spellings(module, statement.value)
        raise Unresolved(f"{module.name}:{node.lineno}: {name}")


def _binds(target: ast.expr, name: str) -> int | None:
    """At which place a loop's target binds the name."""
    names = target.elts if isinstance(target, ast.Tuple) else [target]
    return next((at for at, one in enumerate(names) if isinstance(one, ast.Name) and one.id == name), None)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _speaks_to_operators(path: Path) -> bool:
    return str(path.relative_to(APP)).startswith(COMMAND_LINE)
