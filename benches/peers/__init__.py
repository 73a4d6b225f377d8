"""The job written with each peer, one module per library, as its documentation recommends.

Each module has a class `Blocking`, `Asynchronous`, or both, created with `(base_url, concurrency, ca_file)`.
`audit(token, auditid)` returns a small typed object; `close()` closes the connections. An `Asynchronous` is
created inside the event loop that uses it.
"""
