"""How answers and events tell of a credential."""

from pydantic import BaseModel, Field

from app.core.credentials.stored import CredentialKind


class CredentialRef(BaseModel):
    kind: CredentialKind
    last_four: str = Field(
        examples=["4711"], description="the end of its number, or of its bits where it has none: a QR pass has none"
    )
    bits: int = Field(examples=[26])
    id: str | None = Field(description="null: nobody has it")
