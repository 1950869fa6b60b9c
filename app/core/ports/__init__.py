"""The protocols through which services use technology, one module per noun. Only `wiring` chooses adapters."""
