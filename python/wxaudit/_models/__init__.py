"""The values that users see. They make no calls.

May use the errors.
"""
