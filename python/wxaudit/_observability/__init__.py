"""Deliver the events of calls to `on_event`, the log and OpenTelemetry.

May use `_escape` and the native module.
"""
