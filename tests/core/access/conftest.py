"""A profile for one long run of the properties: `pytest tests/core/access --hypothesis-profile deep`."""

from hypothesis import settings

settings.register_profile("deep", max_examples=10_000, deadline=None)
