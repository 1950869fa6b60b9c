"""The console: server-rendered pages, each with its own module, template and script."""
