"""The benchmark: `python -m benches --help`, or `make bench`. README.md says what it measures, and how."""
