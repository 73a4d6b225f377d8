"""How results look to people: tables, cards, charts, lines of a terminal.

May use the models and the errors.
"""
