"""How answers and events tell of a credential."""

from pydantic import BaseModel, Field

from app.core.credentials.stored import CredentialKind


class CredentialRef(BaseModel):
    kind: CredentialKind
    last_four: str = Field(
        examples=["4711"], description="the end of its number, or of its bits where it has none; empty for a PIN"
    )
    bits: int = Field(examples=[26], description="0 for a PIN")
    id: str | None = Field(description="null: nobody has it")
    pin: bool = Field(False, description="whether a PIN confirmed it; in a signed answer, there only if true")
