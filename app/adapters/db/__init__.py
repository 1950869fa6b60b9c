"""The database behind ports.Store: SQLite beside the gate, PostgreSQL for several processes on one database."""
