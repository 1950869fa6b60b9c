"""What the generated contract says besides the schemas: how errors look, and the bodies that are not plain JSON."""

from typing import Any

from pydantic import BaseModel, Field

from app.web.codes import BY_STATUS, codes

MEANINGS = "\n".join(
    f"- `{code}` ({status}): {meaning}"
    for status, table in BY_STATUS.items()
    for code, meaning in sorted(table.items())
)


class Problem(BaseModel):
    """Every error looks like this."""

    error: str = Field(examples=["unknown_gate"], json_schema_extra={"enum": [*codes()]}, description=MEANINGS)
    detail: str = Field(examples=["There is no gate of that name; an admin can add it."])


def _error(description: str) -> dict[str, Any]:
    return {"model": Problem, "description": description}


ERRORS: dict[int | str, dict[str, Any]] = {
    400: _error("An image cannot be read, or a value is out of bounds"),
    401: _error("No key, or one that is unknown or revoked"),
    403: _error("The key's role does not reach this far"),
    404: _error("No such thing"),
    413: _error("Too large"),
    422: _error("Malformed request"),
    503: _error("Busy: nothing was done. Or the database did not confirm a record: `detail` says what holds"),
}
OPERATIONS: dict[int | str, dict[str, Any]] = {
    400: _error("The request is not valid HTTP"),
    401: _error("Not from this machine, and no key, or one that is unknown or revoked"),
    403: _error("Not from this machine, and the key is not an admin's"),
    413: _error("Too large"),
}
BODY_ERRORS: dict[int | str, dict[str, Any]] = {**ERRORS, 408: _error("The body did not arrive in time")}
CONFLICT: dict[int | str, dict[str, Any]] = {**BODY_ERRORS, 409: _error("It contradicts what is stored")}

IMAGE = {"schema": {"type": "string", "format": "binary"}}
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
                },
            }
        },
        "image/jpeg": IMAGE,
        "image/png": IMAGE,
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {"credential": {"type": "string"}, "from_camera": {"type": "boolean"}},
            },
            "example": {"credential": "1234"},
        },
    },
}


def files_body(**fields: int) -> dict[str, Any]:
    """The OpenAPI body of a multipart form of files; each field with the most files it may hold."""
    one = {"type": "string", "format": "binary"}
    properties = {
        name: one if most == 1 else {"type": "array", "items": one, "maxItems": most} for name, most in fields.items()
    }
    schema = {"type": "object", "properties": properties, "required": list(fields)}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}
