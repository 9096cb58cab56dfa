"""The whole of Scout on one machine, started by `make demo`."""
