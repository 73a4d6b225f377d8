"""`wxaudit codes`: errcodes explained offline."""

from __future__ import annotations

import json

import pytest

from support.command_line.run import run
from wxaudit._errors.errcode_hints import ERRCODE_HINTS
from wxaudit._errors.tree import error_class


def test_a_code_is_explained_in_both_languages() -> None:
    done = run("codes", 61007)
    assert (done.returncode, done.stderr) == (0, "")
    code, label, errmsg, hint = done.stdout.rstrip("\n").split("\t")
    assert (code, label, errmsg) == ("61007", "PermissionDeniedError", "api is unauthorized to component")
    assert hint == ERRCODE_HINTS[61007].english
    chinese = run("codes", 61007, "--lang", "zh").stdout.rstrip("\n").split("\t")
    assert (chinese[1], chinese[3]) == ("权限不足", ERRCODE_HINTS[61007].chinese)


def test_a_negative_code_is_not_an_option() -> None:
    done = run("codes", -1, 45009)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["-1", "45009"]


def test_json_lists_every_code_with_its_class_and_both_hints() -> None:
    done = run("codes", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    listed = [json.loads(line) for line in done.stdout.splitlines()]
    assert [values["errcode"] for values in listed] == sorted(ERRCODE_HINTS)
    for values in listed:
        hint = ERRCODE_HINTS[values["errcode"]]
        assert (values["hint"], values["hint_zh"]) == (hint.english, hint.chinese)
        assert values["error"] == error_class(values["errcode"]).__name__
        assert values["errmsg"]
        assert values["exit_code"] in (4, 75)


def test_words_are_searched_for_in_texts_of_both_languages() -> None:
    found = run("codes", "quota", "minute").stdout
    assert [line.split("\t")[0] for line in found.splitlines()] == ["45011"]
    found = run("codes", "白名单").stdout
    assert {line.split("\t")[0] for line in found.splitlines()} == {"40164", "45035", "61004"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["40002"], "40002 is not an errcode that wxaudit knows; the nearest are 40001, 40007, 40013."),
        (["40002"], "https://developers.weixin.qq.com/doc/oplatform/"),
        (["40002", "--lang", "zh"], "未收录错误码 40002，相近的有 40001"),
        (["zzz"], "no errcode has these words"),
        (["--jsn"], "no such option"),
    ],
)
def test_what_is_unknown_is_a_usage_error(arguments: list[str], told: str) -> None:
    done = run("codes", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


def test_known_codes_are_shown_beside_an_unknown_one() -> None:
    done = run("codes", 45009, 40002)
    assert done.returncode == 2
    assert done.stdout.startswith("45009\t")
    assert "40002" in done.stderr


def test_an_argument_that_may_be_a_token_is_not_quoted() -> None:
    done = run("codes", "81_CANARYTOKENCANARYTOKEN")
    assert done.returncode == 2
    assert "CANARY" not in done.stdout + done.stderr
