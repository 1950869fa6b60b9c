"""What the generated contract adds to the schemas: the form of errors, and bodies that are not plain JSON."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, Field

from app.web.codes import BY_STATUS, codes

MEANINGS = "\n".join(
    f"- `{code}` ({status}): {meaning}"
    for status, table in BY_STATUS.items()
    for code, meaning in sorted(table.items())
)


class Problem(BaseModel):
    """The form of every error."""

    error: str = Field(examples=["unknown_gate"], json_schema_extra={"enum": [*codes()]}, description=MEANINGS)
    detail: str = Field(examples=["There is no gate of that name. An admin can add it."])
    current: dict[str, Any] | None = Field(None, description="of a change of rules: what the entry is by now")
    field: str | None = Field(None, examples=["parent"], description="of rules: the field that is wrong")
    used_by: list[dict[str, str]] | None = Field(
        None, description="for an entry in use: kind, id and name of each entry that names it"
    )


_PROBLEMS = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


class DescribedApp(FastAPI):
    """An application whose description holds `Problem`, to which the errors of its routes refer."""

    def openapi(self) -> dict[str, Any]:
        described = super().openapi()
        schemas = described.setdefault("components", {}).setdefault("schemas", {})
        schemas.setdefault("Problem", Problem.model_json_schema())
        return described


def _error(description: str) -> dict[str, Any]:
    # Not `"model": Problem`: FastAPI would build a validator for each of the thousand errors of all routes, and every
    # process would start a second later.
    return {"description": description, "content": _PROBLEMS}


ERRORS: dict[int | str, dict[str, Any]] = {
    400: _error("An image cannot be read, or a value is out of bounds"),
    401: _error("No key, or one that is unknown or revoked"),
    403: _error("The caller's role does not allow this"),
    404: _error("It does not exist"),
    413: _error("Too large"),
    422: _error("Malformed request"),
    503: _error("Busy, and nothing was done; or the database did not confirm a record. `detail` says which"),
}
OPERATIONS: dict[int | str, dict[str, Any]] = {
    400: _error("The request is not valid HTTP"),
    401: _error("The caller is on another machine and has no key, or one that is unknown or revoked"),
    403: _error("The caller is on another machine and is not an admin"),
    413: _error("Too large"),
}
BODY_ERRORS: dict[int | str, dict[str, Any]] = {**ERRORS, 408: _error("The body did not arrive in time")}
CONFLICT: dict[int | str, dict[str, Any]] = {**BODY_ERRORS, 409: _error("It contradicts what is stored")}

IMAGE = {"schema": {"type": "string", "format": "binary"}}
PIN = {
    "type": "string",
    "description": "of whoever the frames or the credential show; alone: of whom the gate identified within 5 s",
}
PIN_MS = {"type": "integer", "description": "from the PIN's first digit to its last, 0 to 15000"}
DECISION_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {
                    "image": {
                        "type": "array",
                        "items": {"type": "string", "format": "binary"},
                        "maxItems": 8,
                        "description": "frames of one approach, oldest first",
                    },
                    "credential": {"type": "string"},
                    "pin": PIN,
                    "pin_ms": PIN_MS,
                },
            }
        },
        "image/jpeg": IMAGE,
        "image/png": IMAGE,
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {
                    "credential": {"type": "string"},
                    "pin": PIN,
                    "pin_ms": PIN_MS,
                    "from_camera": {"type": "boolean"},
                },
            },
            "example": {"credential": "1234"},
        },
    },
}


def files_body(**fields: int) -> dict[str, Any]:
    """Returns the OpenAPI body of a multipart form. fields: the most files that each field may hold."""
    one = {"type": "string", "format": "binary"}
    properties = {
        name: one if most == 1 else {"type": "array", "items": one, "maxItems": most} for name, most in fields.items()
    }
    schema = {"type": "object", "properties": properties, "required": list(fields)}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}
