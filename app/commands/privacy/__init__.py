"""Commands about personal data over time."""
