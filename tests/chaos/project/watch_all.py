"""Watch audits. Standard input: pairs of appid and auditid, as JSON."""

from __future__ import annotations

import json
import sys

import django

django.setup()

from wxaudit.django import watch  # noqa: E402  # Django has to be set up first

for appid, auditid in json.load(sys.stdin):
    watch(appid, auditid)
