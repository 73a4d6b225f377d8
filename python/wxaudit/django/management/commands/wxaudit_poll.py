"""`manage.py wxaudit_poll`: ask about the audits that are due, once or until a signal."""

from __future__ import annotations

import argparse
import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from ..._polling.poll import poll_due
from ..._polling.rounds import Rounds, counts, stopping_on_signals

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

_MAX_WORKERS = 64


class Command(BaseCommand):
    help = (
        "Asks WeChat about the audits that are due, and tells receivers of the changes. Any number of these "
        "may run at "
        "once, on any number of machines."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--loop", action="store_true", help="repeat until SIGTERM or Ctrl-C, finish the chunk, and end"
        )
        parser.add_argument(
            "--interval", type=_seconds, default=10.0, help="seconds between rounds of --loop (10)"
        )
        parser.add_argument(
            "--workers", type=_workers, default=1, help="threads of --loop, for many audits (1)"
        )

    def handle(self, *_: Any, loop: bool, interval: float, workers: int, **__: Any) -> None:
        if not loop:
            try:
                self.stdout.write(counts(asdict(poll_due())))
            except ImproperlyConfigured as error:
                raise CommandError(str(error)) from error
            return
        self._show_log()
        rounds = Rounds(interval, workers)
        with stopping_on_signals(rounds.stop):
            rounds.run()
        logging.getLogger("wxaudit.django").info("stopped: every claimed watch is recorded")

    def _show_log(self) -> None:
        """Writes the log to the output, unless the project's LOGGING says where it goes."""
        logger: logging.Logger | None = logging.getLogger("wxaudit.django")
        while logger is not None:
            if any(not isinstance(handler, logging.NullHandler) for handler in logger.handlers):
                return
            logger = logger.parent
        handler = logging.StreamHandler(self.stdout)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger = logging.getLogger("wxaudit.django")
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0.1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"must be from 0.1 to 3600 seconds, got {seconds:g}")
    return seconds


def _workers(text: str) -> int:
    workers = int(text)
    if not 1 <= workers <= _MAX_WORKERS:
        raise argparse.ArgumentTypeError(f"must be from 1 to {_MAX_WORKERS}, got {workers}")
    return workers
