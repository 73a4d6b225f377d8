"""One screenshot: its bytes, what they are, where they go, and what is refused."""

from __future__ import annotations

import base64
import copy
import io
import json
import pickle
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

import wxaudit
from support.browser.html_page import HOSTILE, Page
from support.servers.raw_server import RawServer, Reply, Script, answer
from wxaudit import ArgumentError, Screenshot
from wxaudit.testing import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from support.client_kind import ClientKind
    from wxaudit.testing import FakeWeChat

TOKEN = "86_a-token-of-nobody-in-particular"
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


def test_it_is_the_picture_that_the_fake_drew(client_kind: ClientKind, fake: FakeWeChat) -> None:
    media_id = fake.media_id()
    audit = fake.submit(state=1, reason="1:标题:<br>", screenshots=[media_id])
    caller, token = client_kind.client(fake), fake.token()
    (found_id,) = caller.get_audit_status(token, audit.auditid).screenshots
    picture = caller.call("get_screenshot", token, found_id)
    assert type(picture) is Screenshot
    assert (picture.media_id, picture.media_type) == (media_id, "image/png")
    with Image.open(io.BytesIO(picture.content)) as image:
        image.load()
        assert (image.format, image.size) == ("PNG", (180, 320))
    request = fake.requests[-1]
    assert (request.method, request.path) == ("POST", "/cgi-bin/material/get_material")
    assert request.json == {"media_id": media_id}


@pytest.mark.parametrize(
    "content_type", ["image/png", "text/plain", "application/json; encoding=utf-8", None]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP"])
def test_the_bytes_say_what_it_is_and_nothing_else_does(
    client_kind: ClientKind, fake: FakeWeChat, kind: str, content_type: str | None
) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(drawn, kind)
    media_id = fake.keep_media(drawn.getvalue())
    fake.fail_next(Fault(headers={"Content-Type": content_type}))
    picture = client_kind.client(fake).call("get_screenshot", fake.token(), media_id)
    assert picture.media_type == f"image/{kind.lower()}"
    assert picture.content == drawn.getvalue()


def test_another_accounts_picture_is_an_error_that_says_whose_token_is_meant(
    client_kind: ClientKind, fake: FakeWeChat
) -> None:
    media_id = fake.keep_media(GIF, "wx00000000000000aa")
    caller = client_kind.client(fake)
    with pytest.raises(wxaudit.APIError) as caught:
        caller.call("get_screenshot", fake.token(), media_id, appid="wx1")
    error = caught.value
    assert (error.errcode, error.appid, error.auditid, error.attempts) == (40007, "wx1", None, 1)
    assert "mini program that the audit belongs to" in error.hint
    assert "所属小程序的 authorizer_access_token" in error.hint_zh
    assert caller.call("get_screenshot", fake.token("wx00000000000000aa"), media_id).content == GIF


@pytest.mark.parametrize(
    "media_id",
    [
        "",
        "../../etc/passwd",
        "/etc/passwd",
        'a","media_id":"b',
        "a\nb",
        "a b",
        "a|b",
        "a\0",
        "帐",
        "a" * 257,
        "\ud800",
        b"bytes",
        5,
        None,
        ["a"],
    ],
)
def test_what_could_be_no_media_id_is_refused_before_anything_is_sent(
    client_kind: ClientKind, fake: FakeWeChat, media_id: Any
) -> None:
    with pytest.raises(ArgumentError, match=r"^media_id: ") as caught:
        client_kind.client(fake).call("get_screenshot", fake.token(), media_id)
    assert "passwd" not in str(caught.value)
    assert fake.requests_received == 0


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (answer(b"<html>Sign in</html>" + b" " * (30 << 20)), "larger than 20480 KiB"),
        (answer(b"\x89PNG\r\n\x1a\n" + b"\0" * (20 << 20)), "larger than 20480 KiB"),
        (answer(b"<html>Sign in</html>"), "neither a picture nor an error of WeChat: <html>Sign in"),
        (answer(b"{}"), "neither a picture nor an error of WeChat"),
        (answer(b'{"errcode":0,"errmsg":"ok"}'), "the material is not a picture"),
        (answer(b'{"news_item":[{"title":"x"}]}'), "neither a picture"),
        (answer(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "neither a picture"),
    ],
    ids=["page of 30 MiB", "picture above the cap", "page", "{}", "success", "news", "SVG"],
)
def test_what_is_not_a_picture_is_refused(client_kind: ClientKind, reply: bytes, problem: str) -> None:
    with RawServer(Script(Reply(reply, "close"))) as server:
        with pytest.raises(wxaudit.DecodeError, match=problem):
            client_kind.client(server.base_url).call("get_screenshot", TOKEN, "media")
        assert server.requests_received == 1


def test_a_picture_of_just_the_cap_is_taken(client_kind: ClientKind) -> None:
    content = b"\x89PNG\r\n\x1a\n" + b"\0" * ((20 << 20) - 8)
    with RawServer(Script(answer(content))) as server:
        assert client_kind.client(server.base_url).call("get_screenshot", TOKEN, "media").content == content


def test_an_error_longer_than_a_small_picture_is_an_error(client_kind: ClientKind, fake: FakeWeChat) -> None:
    fake.fail_next(
        Fault(errcode=40007, errmsg="invalid media_id " + "x" * 5000, headers={"Content-Type": "image/png"})
    )
    with pytest.raises(wxaudit.APIError) as caught:
        client_kind.client(fake).call("get_screenshot", fake.token(), "media")
    assert (caught.value.errcode, len(str(caught.value)) < 1000) == (40007, True)


def test_it_is_saved_under_a_path_or_in_a_folder_by_its_name(tmp_path: Path) -> None:
    picture = Screenshot("a-Z_09", GIF, "image/gif")
    assert picture.save(tmp_path) == tmp_path / "a-Z_09.gif"
    assert picture.save(str(tmp_path / "other.bin")) == tmp_path / "other.bin"
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {GIF}
    with pytest.raises(FileNotFoundError):
        picture.save(tmp_path / "missing" / "a.gif")


@pytest.mark.parametrize(
    ("media_id", "name"),
    [
        ("../../etc/passwd", "______etc_passwd.png"),
        ("/etc/passwd", "_etc_passwd.png"),
        ("a\0b\n", "a_b_.png"),
        ("C:\\x", "C__x.png"),
        ("帐é", "__.png"),
        ("", "screenshot.png"),
        ("a" * 300, "a" * 100 + ".png"),
    ],
)
def test_no_media_id_leads_out_of_the_folder(tmp_path: Path, media_id: str, name: str) -> None:
    path = Screenshot(media_id, b"x", "image/png").save(tmp_path)
    assert path == tmp_path / name
    assert list(tmp_path.iterdir()) == [path]


def test_it_is_a_value_like_any_other() -> None:
    picture = Screenshot("m", GIF, "image/gif")
    assert picture == Screenshot("m", GIF, "image/gif")
    assert picture != Screenshot("m", GIF, "image/png")
    assert len({picture, Screenshot("m", GIF, "image/gif")}) == 1
    assert copy.deepcopy(picture) is picture
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(picture, protocol)) == picture
    match picture:
        case Screenshot(media_id, content, "image/gif"):
            assert (media_id, content) == ("m", GIF)
        case _:
            pytest.fail("the pattern should have matched")
    with pytest.raises(AttributeError):
        picture.content = b""
    for media_type in ("image/svg+xml", "text/html", 'image/png" onerror="x', ""):
        with pytest.raises(ArgumentError, match="media_type must be one of image/jpeg"):
            Screenshot("m", GIF, media_type)
    values: list[tuple[Any, Any, Any]] = [
        (5, GIF, "image/gif"),
        (None, GIF, "image/gif"),
        ("m", "text", "image/gif"),
        ("m", 5, "image/gif"),
        ("m", GIF, ["image/gif"]),
        ("m", GIF, None),
    ]
    for value in values:
        with pytest.raises(ArgumentError, match="must be"):
            Screenshot(*value)


def test_its_repr_is_short_and_printable() -> None:
    assert repr(Screenshot("m", GIF, "image/gif")) == f"<Screenshot m: image/gif, {len(GIF)} bytes>"
    assert repr(Screenshot("\x1b[31m\u202e\n", b"x" * 10**6, "image/png")).isprintable()
    assert repr(Screenshot.__new__(Screenshot)) == "<Screenshot>"


def test_notebooks_show_the_picture_itself_and_nothing_of_its_name() -> None:
    bundle = Screenshot(HOSTILE, GIF, "image/gif")._repr_mimebundle_(include=None, exclude=None)
    page = Page(bundle["text/html"].replace("<img", "<br"))
    assert page.tags == ["br"]
    assert page.text == ""
    assert dict(page.attributes)["src"] == "data:image/gif;base64," + base64.b64encode(GIF).decode()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"].isprintable()


def test_no_error_and_no_picture_shows_the_token(client_kind: ClientKind, fake: FakeWeChat) -> None:
    token = fake.token(url_safe=False)
    caller = client_kind.client(fake)
    page = f"<html>access_token=another-accounts-token&x {token}".encode()
    faults = [Fault(errcode=40007, errmsg=f"no: {token}"), Fault(body=page), Fault.http(502)]
    for fault in faults:
        fake.fail_next(fault)
        with pytest.raises(wxaudit.WxAuditError) as caught:
            caller.call("get_screenshot", token, "media", max_retries=0)
        error = caught.value
        shown = [str(error), repr(error), json.dumps(error.args[1]), repr(pickle.dumps(error)), error.hint]
        for secret in (token, token[5:30], json.dumps(token)[1:-1], "another-accounts"):
            assert not [text for text in shown if secret in text]
    # In the place of the media_id, where a traceback would show it.
    with pytest.raises(ArgumentError) as refused:
        caller.call("get_screenshot", token, token)
    assert token not in repr(refused.value)
