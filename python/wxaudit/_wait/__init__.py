"""Wait for decisions: a plan without I/O, driven by a blocking loop or by asyncio.

May use `_batch`.
"""
