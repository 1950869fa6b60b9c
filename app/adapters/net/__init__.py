"""For every adapter that connects to another machine: which addresses it may reach, and for how long it waits."""
