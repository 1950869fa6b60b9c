"""Alerts that go out to receivers: by webhook, over a broker, by e-mail."""
