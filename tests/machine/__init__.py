"""A state machine that makes up sequences of calls and compares what comes of each with a model of the rules.

Run as a program of its own, since it sets the clock on the wall: `python -m machine --examples 40`.
"""
