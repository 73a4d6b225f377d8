"""The benchmark: `python -m benches --help`, or `make bench`. See README.md."""
