"""The exceptions: what they say, and what to do about them.

May use only `_validation`, `_escape` and the native module.
"""
