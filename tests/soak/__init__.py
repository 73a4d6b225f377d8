"""All kinds of calls at once, for a long time, against servers and networks that misbehave: `make soak`.

The exit code is 1 if an answer was wrong, an error untyped, or memory, descriptors or threads kept growing.
"""
