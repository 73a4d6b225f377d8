"""The Chinese texts: complete, compiled, with the same placeholders, and at one with those of Django."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import django
import pytest
from django.test import override_settings
from django.utils import translation

import django_messages

_PO = django_messages.PO.read_text("utf-8")


def test_the_po_file_has_the_texts_of_the_code_and_of_the_templates() -> None:
    assert django_messages.written(django_messages.updated(_PO)) == _PO, "make messages"


def test_every_text_is_translated() -> None:
    assert django_messages.untranslated(django_messages.updated(_PO)) == []


def test_a_text_without_a_translation_is_reported() -> None:
    without = re.sub(r'msgstr "立即查询"', 'msgstr ""', _PO)
    assert django_messages.untranslated(django_messages.updated(without)) == ["Check now"]


def test_the_mo_file_is_compiled_from_the_po_file() -> None:
    with django_messages.MO.open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in django_messages.updated(_PO):
        if isinstance(message.id, tuple):
            assert compiled.ngettext(*message.id, 1) == message.string[0], "make messages"
        elif message.id:
            assert compiled.gettext(message.id) == message.string, "make messages"


def test_translations_have_the_placeholders_of_the_text() -> None:
    for message in django_messages.updated(_PO):
        texts = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        expected = {tuple(sorted(re.findall(r"%\(\w+\)\w", text))) for text in texts}
        assert {tuple(sorted(re.findall(r"%\(\w+\)\w", text))) for text in strings} == expected


def test_texts_of_django_are_translated_as_there() -> None:
    """Catalogues are merged: a different translation here would change the pages of others."""
    folder = Path(django.__file__).parent
    for catalogue in (folder / "contrib/admin/locale", folder / "conf/locale"):
        with (catalogue / "zh_Hans/LC_MESSAGES/django.mo").open("rb") as file:
            theirs = gettext.GNUTranslations(file)
        for message in django_messages.updated(_PO):
            if isinstance(message.id, str) and message.id:
                assert theirs.gettext(message.id) in (message.id, message.string)


@pytest.mark.parametrize("language", ["zh-hans", "zh-cn"])
def test_both_names_of_simplified_chinese_find_it(language: str) -> None:
    with override_settings(LANGUAGE_CODE="en"):
        chosen = translation.get_supported_language_variant(language)
        with translation.override(chosen):
            assert translation.gettext("WeChat audits") == "微信代码审核"
