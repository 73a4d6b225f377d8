"""Run `wxaudit` as people do: to its end, beside the test, on a terminal."""
