"""What answers say about passages."""

from typing import Literal

from pydantic import BaseModel, Field


class PassageOut(BaseModel):
    """A passage that the gate's sensor must report until then."""

    id: str
    confirm_until: str = Field(examples=["2026-11-23T08:00:08.123Z"])


class ZoneRef(BaseModel):
    id: str
    name: str = Field(examples=["Lobby"])


class PassbackOut(BaseModel):
    """What anti-passback found, whether it refused or not."""

    zone: ZoneRef
    direction: Literal["in", "out"] = Field(
        description="in: they enter, and are inside already; out: they leave, and were not inside"
    )
    since: str = Field(description="since when they are where they are")
