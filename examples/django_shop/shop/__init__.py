"""A third-party platform in miniature: merchants submit versions, and learn what WeChat decides."""

import os

if os.environ.get("BROKER_URL"):
    # So that `celery -A shop` and shared tasks find it.
    from .celery import app as celery_app

    __all__ = ["celery_app"]
