"""What the commands write: tables for people, JSON Lines for programs, messages on standard error."""

from __future__ import annotations
