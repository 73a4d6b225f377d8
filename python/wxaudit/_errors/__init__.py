"""The exceptions, and the hints that say what to do about them.

May use `_escape` and the native module.
"""
