"""Show results to people: cards, tables, charts, lines of a terminal.

May use the models and the errors.
"""
