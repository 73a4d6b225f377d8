"""The values that users see. None of them makes a call.

May use `_validation` and the errors.
"""
