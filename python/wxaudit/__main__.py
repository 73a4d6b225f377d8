"""Print the status of one audit: `WXAUDIT_TOKEN=… python -m wxaudit AUDITID`."""

from __future__ import annotations

import argparse
import os
import sys
from typing import NoReturn

from . import WxAuditError, __version__, get_audit_status
from ._display.terminal import audit_lines, error_lines

_EPILOG = """\
The token is read from WXAUDIT_TOKEN, never from the command line, where other users could see it.
Exit status: 0 success, 1 error, 2 invalid command line, 130 interrupted.
"""

_USAGE_ERROR = (
    "pass one auditid and nothing else, and set WXAUDIT_TOKEN to the authorizer_access_token of the mini "
    "program that owns the audit"
)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors do not quote the command line, since it may contain a token."""

    def error(self, message: str) -> NoReturn:  # noqa: ARG002  # it quotes the arguments
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: error: {_USAGE_ERROR}\n")


def main(arguments: list[str] | None = None) -> int:
    parser = _Parser(
        prog="python -m wxaudit",
        description="Ask WeChat for the review status of a mini program's audit. 查询小程序审核状态。",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("auditid", help="the number that submit_audit returned")
    parser.add_argument("--version", action="version", version=f"wxaudit {__version__}")
    auditid: str = parser.parse_args(arguments).auditid
    if not os.environ.get("WXAUDIT_TOKEN"):
        parser.error(_USAGE_ERROR)
    try:
        audit = get_audit_status(os.environ["WXAUDIT_TOKEN"], auditid)
    except WxAuditError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        for line in error_lines(error):
            print(line, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    stamp = audit.observed_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    for line in audit_lines(audit, stamp):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
