"""How a driver's settings are asked for: each says its label and what it does, beside its type."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.core.gates.hardware import FieldKind, HardwareField


@dataclass(frozen=True)
class Asked:
    """kind: where the type does not say it. rare: most sites never change it. sends: as of HardwareField."""

    label: str
    hint: str = ""
    kind: FieldKind | None = None
    rare: bool = False
    sends: bool = False


def fields_of(model: type[BaseModel], prefix: str = "") -> Iterator[HardwareField]:
    """Yields the questions of a model's settings, in their order; a setting without `Asked` is not a question."""
    for name, info in model.model_fields.items():
        asked = next((one for one in info.metadata if isinstance(one, Asked)), None)
        if asked is not None:
            yield _field(f"{prefix}{name}", info, asked)


def _field(name: str, info: FieldInfo, asked: Asked) -> HardwareField:
    kind, choices = _kind(info.annotation)
    bounds: dict[str, Any] = {key: value for one in info.metadata for key, value in _bound(one)}
    return HardwareField(
        name,
        asked.label,
        asked.kind or kind,
        asked.hint,
        default=None if info.is_required() else info.default,
        required=info.is_required(),
        rare=asked.rare,
        sends=asked.sends or asked.kind is FieldKind.ADDRESS,
        choices=choices,
        least=bounds.get("ge"),
        most=bounds.get("le"),
        longest=bounds.get("max_length"),
    )


def _bound(constraint: object) -> Iterator[tuple[str, Any]]:
    """Yields the name and value of a constraint that a page can check too."""
    for kind, name in ((annotated_types.Ge, "ge"), (annotated_types.Le, "le"), (annotated_types.MaxLen, "max_length")):
        if isinstance(constraint, kind):
            yield name, getattr(constraint, name)


def _kind(annotation: Any) -> tuple[FieldKind, tuple[str, ...]]:
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(one for one in get_args(annotation) if one is not type(None))
    if hasattr(annotation, "__metadata__"):
        annotation = get_args(annotation)[0]
    if get_origin(annotation) is Literal:
        choices = get_args(annotation)
        whole = all(isinstance(one, int) for one in choices)
        return (FieldKind.WHOLE if whole else FieldKind.CHOICE), tuple(map(str, choices))
    kinds = {bool: FieldKind.YES_NO, int: FieldKind.WHOLE, float: FieldKind.NUMBER}
    return kinds.get(annotation, FieldKind.TEXT), ()
