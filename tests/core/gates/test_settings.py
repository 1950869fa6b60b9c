"""What an admin may write about a gate."""

import pytest

from app.core.errors import BadInput
from app.core.gates.commands import DriverKind
from app.core.gates.settings import driver_kind


@pytest.mark.parametrize("kind", [kind for kind in DriverKind if kind is not DriverKind.UNKNOWN])
def test_driver_kind_is_known_by_its_name(kind: DriverKind) -> None:
    assert driver_kind(kind.value) is kind


def test_unknown_kind_is_refused_with_all_there_are() -> None:
    with pytest.raises(BadInput, match="plain, dry_run, webhook, mqtt, osdp, serial") as refused:
        driver_kind("carrier pigeon")
    assert refused.value.code == "unknown_gate_kind"
