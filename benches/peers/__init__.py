"""One module a peer: the whole job, as a good engineer writes it with that library.

Each has a class `Blocking`, `Asynchronous`, or both, made with `(base_url, concurrency, ca_file)`. Their
`audit(token, auditid)` gives a small typed object; `close()` ends them. An `Asynchronous` is made within the
loop that uses it.
"""
