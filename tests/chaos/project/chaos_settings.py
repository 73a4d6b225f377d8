"""Settings of the project whose workers are killed. `CHAOS` holds the addresses as JSON."""

from __future__ import annotations

import json
import os
from typing import Any

CHAOS: dict[str, Any] = json.loads(os.environ["CHAOS"])

SECRET_KEY = "only-for-tests"
USE_TZ = True
INSTALLED_APPS = ["django.contrib.contenttypes", "wxaudit.django", "receivers"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "chaos",
        "USER": "postgres",
        "HOST": CHAOS["postgresql"],
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
WXAUDIT = {
    "TOKEN_SOURCE": lambda appid: CHAOS["tokens"][appid],
    "CLIENT": {"base_url": CHAOS["wechat"], "timeout": 10},
    "WATCH": {
        "PACE": [(None, CHAOS["interval"])],
        "LEASE": CHAOS["lease"],
        "BATCH_SIZE": CHAOS["batch_size"],
    },
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
