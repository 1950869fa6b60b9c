"""The command line's groups, one file a noun."""
