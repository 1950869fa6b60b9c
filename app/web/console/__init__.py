"""Pages for people, rendered on the server: no script, no third-party file, no build step."""
