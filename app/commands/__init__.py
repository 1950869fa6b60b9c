"""The groups of the command line, one file for each noun."""
