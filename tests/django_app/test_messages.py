"""The Chinese texts: complete, compiled, with the same placeholders, and at one with those of Django."""

from __future__ import annotations

import gettext
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import pytest
from django.test import override_settings
from django.utils import translation

import django_messages

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    for texts, translations in _messages():
        if len(texts) > 1:
            assert [compiled.ngettext(texts[0], texts[1], 1)] == translations, "make messages"
        else:
            assert [compiled.gettext(*texts)] == translations, "make messages"


def test_translations_have_the_placeholders_of_the_text() -> None:
    for texts, translations in _messages():
        assert {_placeholders(text) for text in translations} == {_placeholders(text) for text in texts}


def _messages() -> Iterator[tuple[list[str], list[str]]]:
    """Each text, with its plural if it has one, and its translation."""
    for message in django_messages.updated(_PO):
        if message.id:
            yield _texts(message.id), _texts(message.string)


def _texts(given: Any) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _placeholders(text: str) -> tuple[str, ...]:
    return tuple(sorted(re.findall(r"%\(\w+\)\w", text)))


def test_texts_of_django_are_translated_as_there() -> None:
    """Catalogues are merged: a different translation here would change the pages of others."""
    folder = Path(django.__file__).parent
    for catalogue in (folder / "contrib/admin/locale", folder / "conf/locale"):
        with (catalogue / "zh_Hans/LC_MESSAGES/django.mo").open("rb") as file:
            theirs = gettext.GNUTranslations(file)
        for texts, translations in _messages():
            if len(texts) == 1:
                assert theirs.gettext(*texts) in (*texts, *translations)


@pytest.mark.parametrize("language", ["zh-hans", "zh-cn"])
def test_both_names_of_simplified_chinese_find_it(language: str) -> None:
    with override_settings(LANGUAGE_CODE="en"):
        chosen = translation.get_supported_language_variant(language)
        with translation.override(chosen):
            assert translation.gettext("WeChat audits") == "微信代码审核"
