"""Chaos: watches with scripted lives, workers that are killed, and servers that restart, at the same time.

`make chaos` runs it with 10 000 watches. It may use `support` and the programs in `project`, a Django project
whose workers are real Celery workers on a real Redis and PostgreSQL.
"""
