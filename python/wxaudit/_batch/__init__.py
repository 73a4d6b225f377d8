"""Many audits at once: one flow, driven by a blocking loop or by asyncio.

May use everything below the clients but `_wait`.
"""
