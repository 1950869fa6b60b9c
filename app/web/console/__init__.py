"""The console: server-rendered pages for people, each with its own module, template and script."""
