"""Projects and audit samples whose truth is known, for `benchmarks.simulations`."""
