"""The database behind ports.Store: SQLite beside the gate, PostgreSQL where several processes share one truth."""
