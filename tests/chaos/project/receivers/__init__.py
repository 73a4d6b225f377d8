"""Write down each signal of a watch, in a table of its own."""
