"""Settings of the example. DATABASE_URL and BROKER_URL lead to PostgreSQL and Redis; without, SQLite does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from wxaudit.django import CacheTokenSource

FOLDER = Path(__file__).parents[1]


def database(url: str) -> dict[str, Any]:
    """Django's setting for `postgresql://user:password@host:port/name`, or for the path of a SQLite file."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        if parts.scheme:
            raise ImproperlyConfigured(
                f"DATABASE_URL begins with {parts.scheme}: this example runs on postgresql:// or on SQLite"
            )
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": url,
            # Several processes write: each waits for the others, and readers wait for none.
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL",
            },
        }
    # A socket's folder stands in the query: postgresql://user@/name?host=/run/postgresql
    (host,) = parse_qs(parts.query).get("host", [parts.hostname or ""])
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": parts.port or "",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


BROKER_URL = os.environ.get("BROKER_URL", "")
DATABASES = {"default": database(os.environ.get("DATABASE_URL") or str(FOLDER / "db.sqlite3"))}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "shop_cache"}}

# What wxaudit needs ---------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "wxaudit.django",
    "shop",
]
WXAUDIT: dict[str, Any] = {
    # All processes share the tokens in the cache, and refresh one together.
    "TOKEN_SOURCE": CacheTokenSource(refresh="shop.wechat.fetch_token"),
    "CLIENT": {"base_url": os.environ.get("WXAUDIT_BASE_URL", "https://api.weixin.qq.com")},
    # For a story of seconds. The defaults are for reviews that take hours.
    "WATCH": {"PACE": [(None, 1)], "LEASE": 3},
    # The console's 消息校验Token and 消息加解密Key; these are the examples of WeChat's documentation.
    "EVENTS": {
        "token": "spamtest",
        "encoding_aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
        "component_appid": "wx2c2769f8efd9abc2",
    },
}

if BROKER_URL:
    CELERY_BROKER_URL = BROKER_URL
    CELERY_TASK_IGNORE_RESULT = True
    CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
    # Each minute in earnest. A round that nobody began before the next one is not needed.
    CELERY_BEAT_SCHEDULE = {
        "wxaudit": {"task": "wxaudit.poll_due", "schedule": 1.0, "options": {"expires": 5}},
    }
    # Redis' own name for a socket is another one than Celery's.
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": BROKER_URL.replace("redis+socket://", "unix://"),
    }

# What every project has -----------------------------------------------------------------------------------

SECRET_KEY = "only-for-this-example"
DEBUG = True
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
ROOT_URLCONF = "shop.urls"
STATIC_URL = "/static/"
USE_TZ = True
LANGUAGE_CODE = os.environ.get("EXAMPLE_LANGUAGE", "en")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"short": {"format": "%(name)s: %(message)s"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "short"}
    },
    "loggers": {"wxaudit.django": {"handlers": ["console"], "level": "INFO"}},
}
