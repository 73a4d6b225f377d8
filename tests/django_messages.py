"""Bring the translations of `wxaudit.django` up to date: `make messages`.

Finds the texts of the code and the templates, keeps what is translated in the `.po` file, adds what is new
without a translation, removes what is no longer used, and compiles the `.mo` file. It is committed too:
wheels contain it, and a machine that builds them needs no gettext.
"""

from __future__ import annotations

import io
import re
import sys
from datetime import datetime, timezone
from pathlib import Path

from babel.messages import mofile, pofile
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from django.utils.translation.template import templatize

APP = Path(__file__).parents[1] / "python" / "wxaudit" / "django"
PO = APP / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")

_DATE = datetime(2026, 11, 29, tzinfo=timezone.utc)
_KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
# The calls in what Django makes of a template; the rest of it is no Python.
_TEXT = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_CALLS = re.compile(rf"n?p?gettext\({_TEXT}(?:,\s*(?:{_TEXT}|count))*\)")


def find_messages() -> Catalog:
    """The texts of the app, with the files that contain them."""
    found = Catalog()
    for path in sorted(APP.rglob("*.*")):
        if path.suffix not in (".py", ".html"):
            continue
        source = path.read_text("utf-8")
        if path.suffix == ".html":
            source = "\n".join(_CALLS.findall(templatize(source, origin=str(path))))
        for _, message, _, context in extract("python", io.BytesIO(source.encode()), _KEYWORDS):
            found.add(message, locations=[(path.relative_to(APP).as_posix(), 0)], context=context)
    return found


def updated(po: str) -> Catalog:
    """The catalogue of a `.po` file with exactly the texts of the app."""
    catalogue = pofile.read_po(io.StringIO(po), locale="zh_Hans")
    catalogue.update(find_messages(), no_fuzzy_matching=True, update_header_comment=False)
    catalogue.obsolete.clear()
    # What differs from one run to the next would only make the history longer.
    catalogue.creation_date = catalogue.revision_date = _DATE
    catalogue.project, catalogue.version = "wxaudit.django", ""
    catalogue.last_translator = catalogue.language_team = catalogue.msgid_bugs_address = (
        "wxaudit contributors"
    )
    return catalogue


def written(catalogue: Catalog) -> str:
    """The text of a `.po` file."""
    file = io.BytesIO()
    pofile.write_po(file, catalogue, width=100, omit_header=False, sort_output=True, include_lineno=False)
    # Another version of Babel writes the same file.
    return re.sub('"Generated-By:.*\n', "", file.getvalue().decode())


def compiled(catalogue: Catalog) -> bytes:
    """The content of a `.mo` file."""
    file = io.BytesIO()
    mofile.write_mo(file, catalogue)
    return file.getvalue()


def untranslated(catalogue: Catalog) -> list[str]:
    """The texts without a translation, and those whose translation is only a guess."""
    return [
        str(message.id)
        for message in catalogue
        if message.id and (message.fuzzy or not _strings(message.string))
    ]


def _strings(string: object) -> bool:
    return all(string) if isinstance(string, (tuple, list)) else bool(string)


def main() -> None:
    catalogue = updated(PO.read_text("utf-8"))
    PO.write_text(written(catalogue), "utf-8")
    MO.write_bytes(compiled(catalogue))
    for message in untranslated(catalogue):
        print(f"without a translation: {message}")
    sys.exit(1 if untranslated(catalogue) else 0)


if __name__ == "__main__":
    main()
