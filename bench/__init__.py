"""What docs/benchmarks.md is made of."""
