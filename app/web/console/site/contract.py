"""The page of the HTTP contract, made from what the code declares."""

import json
import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape

from app.web.codes import BY_STATUS, PROBLEMS
from app.web.console.render import render
from app.web.console.session import Visitor

router = APIRouter(include_in_schema=False)
IN_PROBLEMS = "Problems with a row, a photo or a set of rules"


@router.get("/docs", response_class=HTMLResponse)
def contract(request: Request, visitor: Visitor) -> HTMLResponse:
    """The contract, from the same description as /openapi.json."""
    spec = request.app.openapi()
    about = spec["info"]["description"]
    tables = {**{f"Errors with status {status}": table for status, table in BY_STATUS.items()}, IN_PROBLEMS: PROBLEMS}
    return render(
        request, "site/contract.html", visitor, about=about, groups=_groups(spec), tables=tables, marked=_marked
    )


def _marked(text: str) -> Markup:
    """The text with what stands between backticks as code; descriptions are Markdown."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  it is escaped


def _groups(spec: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            good = next(code for code in operation["responses"] if code.startswith("2"))
            entry = {
                "anchor": operation["operationId"],
                "method": method.upper(),
                "path": path,
                "summary": operation["summary"],
                "description": operation.get("description", ""),
                "parameters": operation.get("parameters", []),
                "takes": _content(spec, operation.get("requestBody", {})),
                "gives": _content(spec, operation["responses"][good]),
                "status": good,
                "errors": {c: r["description"] for c, r in operation["responses"].items() if c >= "400"},
            }
            groups.setdefault(operation["tags"][0], []).append(entry)
    return groups


def _content(spec: dict[str, Any], body: dict[str, Any]) -> list[tuple[str, str]]:
    """Returns each media type with an example built from the schema's own examples."""
    found = []
    for media_type, content in body.get("content", {}).items():
        example = content.get("example", _example(spec, content.get("schema", {})))
        found.append((media_type, "" if example is None else json.dumps(example, indent=2, ensure_ascii=False)))
    return found


def _example(spec: dict[str, Any], schema: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _example(spec, spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    if "examples" in schema:
        return schema["examples"][0]
    if "default" in schema:
        return schema["default"]
    for choice in schema.get("anyOf", []):
        return _example(spec, choice)
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    kind = schema.get("type")
    if kind == "object":
        return {name: _example(spec, part) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [_example(spec, schema["items"])]
    if schema.get("format") == "binary":
        return "(file)"
    if schema.get("format") == "date-time":
        return "2026-11-23T08:00:00.123Z"
    return {"string": "...", "integer": 1, "number": 0.5, "boolean": True}.get(str(kind))
