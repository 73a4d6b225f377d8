"""One call by the default client. Argument: the auditid. The token is in the environment."""

from __future__ import annotations

import os
import sys

import wxaudit

print(wxaudit.get_audit_status(os.environ["TOKEN"], sys.argv[1]).reason)
