"""Settings of the Django project that the tests of `wxaudit.django` use. mypy reads the models from them."""

from __future__ import annotations

import os
import tempfile

import pymysql

# PyMySQL in the place of mysqlclient, which needs a compiler and MariaDB's headers.
pymysql.install_as_MySQLdb()

SECRET_KEY = "only-for-tests"
USE_TZ = True
ROOT_URLCONF = "support.django.urls"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "wxaudit.django",
]
MIDDLEWARE = [
    "support.django.policy.policy_middleware",
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
STATIC_URL = "/static/"

# The servers listen on sockets in this folder, one for each process of tests and the programs that it starts.
SERVERS = os.environ.get("WXAUDIT_TEST_SERVERS") or os.path.join(
    tempfile.gettempdir(), f"wxaudit-databases-{os.getpid()}"
)
_SQLITE = os.path.join(SERVERS, "wxaudit.sqlite3")
# The tests use the databases by their own names, so that programs find the same.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": _SQLITE,
        "TEST": {"NAME": _SQLITE},
        # Nothing here has to survive a crash of the machine.
        "OPTIONS": {"init_command": "PRAGMA synchronous=OFF"},
    },
    "postgresql": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "wxaudit",
        "TEST": {"NAME": "wxaudit"},
        "USER": "postgres",
        "HOST": SERVERS,
    },
    "mariadb": {
        "ENGINE": "django.db.backends.mysql",
        "NAME": "wxaudit",
        "TEST": {"NAME": "wxaudit", "CHARSET": "utf8mb4"},
        "USER": "root",
        "OPTIONS": {"unix_socket": os.path.join(SERVERS, "mariadb.sock"), "charset": "utf8mb4"},
    },
}
# Which database holds the watches: set by the tests, which run each behaviour on each.
DATABASE_ROUTERS = ["support.django.router.Router"]
