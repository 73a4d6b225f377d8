"""Make the seeds of the fuzz targets: the rows of the tests' own tables, and the answers of the fake."""

from __future__ import annotations

import ast
import hashlib
import http.client
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import trustme

from wxaudit.testing import FakeWeChat

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parents[1]

# The token of the targets, which the tests of decoding have too.
TOKEN = "86_raw+server/token=of%a&test?0123456789"

# The test files whose texts are seeds.
_TEXTS = {
    "answer": ["tests/core/wechat/decode*.rs", "tests/core/json/*.rs",
               "tests/network/answers/test_fields.py", "tests/network/answers/test_json.py",
               "tests/network/answers/test_meaning.py", "tests/network/answers/test_echo.py"],
    "reason": ["tests/core/wechat/reason*.rs", "tests/models/test_status.py"],
    "retry_after": ["tests/core/transport/retry_after.rs", "tests/network/answers/test_http_status.py"],
    "no_proxy": ["tests/core/config*.rs", "tests/network/*/test_*proxy*.py"],
    "certificates": ["tests/network/connections/test_tls*.py", "tests/network/connections/test_ca*.py"],
}  # fmt: skip

_RUST_TEXT = re.compile(r'r(#+)"(.*?)"\1|"((?:[^"\\]|\\.)*)"', re.DOTALL)
_RUST_ESCAPE = re.compile(r"\\(?:\n\s*|x([0-9a-f]{2})|u\{([0-9a-fA-F]+)\}|(.))", re.DOTALL)
_NAMED = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}


def write_seeds(target: str, folder: Path) -> int:
    """Writes the seeds of a target, a file each, and returns their number."""
    folder.mkdir(parents=True, exist_ok=True)
    seeds = {seed for seed in _seeds(target) if len(seed) <= 4096}
    for seed in seeds:
        (folder / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
    return len(seeds)


def _seeds(target: str) -> Iterator[bytes]:
    texts = [text for pattern in _TEXTS[target] for file in ROOT.glob(pattern) for text in _texts_of(file)]
    if target == "answer":
        yield from texts
        yield from _answers()
        # Texts of the tests that are only a member of an answer.
        yield from (b'{"errcode":0,"errmsg":"ok",%s}' % text for text in texts if text.startswith(b'"'))
    elif target == "retry_after":
        # An `(u32, &str)`: the rest of the bytes is the text, and the number stands before it.
        yield from ((1_669_000_000).to_bytes(4, "little") + text for text in texts)
    elif target == "no_proxy":
        # An `(u16, &str)`, whose text is a host and a list.
        hosts = (b"api.weixin.qq.com", b"qq", b"127.0.0.1", b"[::1]", b"10.1.2.3")
        yield from (b"\0\0%s\n%s" % (host, text) for host in hosts for text in texts)
    elif target == "certificates":
        yield from (b"\0\0" + bundle for bundle in [*_bundles(), *texts])
    else:
        yield from texts


def _texts_of(file: Path) -> Iterable[bytes]:
    """The texts that stand in a source file."""
    source = file.read_text("utf-8")
    if file.suffix == ".py":
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
                yield node.value.encode("utf-8", "replace") if isinstance(node.value, str) else node.value
        return
    for found in _RUST_TEXT.finditer(source):
        text = found[2] if found[2] is not None else _RUST_ESCAPE.sub(_unescaped, found[3])
        # Texts of `format!`.
        yield text.replace("{{", "{").replace("}}", "}").replace("{TOKEN}", TOKEN).encode("utf-8", "replace")


def _unescaped(found: re.Match[str]) -> str:
    if found[1] or found[2]:
        return chr(int(found[1] or found[2], 16))
    return _NAMED.get(found[3], found[3]) if found[3] else ""


def _answers() -> Iterator[bytes]:
    """What the fake answers to each interface, errors included."""
    with FakeWeChat() as fake:
        audits = [
            fake.submit(
                state=state,
                reason=f"1:账号信息不符合规范:<br>(1):{TOKEN}<br>",
                screenshots=[fake.media_id()] if state == 1 else (),
            )
            for state in (1, 4)
        ]
        audits += [fake.submit(state=state) for state in (0, 2, 3)]
        token = fake.token()
        requests: list[tuple[str, dict[str, object]]] = [
            ("/wxa/get_auditstatus", {"auditid": audit.auditid}) for audit in audits
        ]
        requests += [
            ("/wxa/get_auditstatus", {"auditid": 1}),
            ("/wxa/get_auditstatus", {}),
            ("/wxa/get_latest_auditstatus", {}),
            ("/cgi-bin/openapi/quota/get", {"cgi_path": "/wxa/get_auditstatus"}),
            ("/nowhere", {}),
        ]
        connection = http.client.HTTPConnection("127.0.0.1", fake.port, timeout=10)
        for path, body in requests:
            for given in (token, TOKEN):
                method = "GET" if "latest" in path else "POST"
                target = f"{path}?access_token={given}"
                connection.request(method, target, json.dumps(body) if method == "POST" else None)
                yield connection.getresponse().read()
        connection.close()


def _bundles() -> Iterator[bytes]:
    """Good bundles, and what people make of them."""
    authority, other = trustme.CA(), trustme.CA()
    one, two = authority.cert_pem.bytes(), other.cert_pem.bytes()
    key = authority.private_key_pem.bytes()
    leaf = authority.issue_cert("api.weixin.qq.com").cert_chain_pems[0].bytes()
    yield from (one, one + two, leaf, key, one + key, key + one)
    yield one.rstrip(b"\n") + two
    yield b"\xef\xbb\xbf" + one
    yield one.replace(b"\n", b"\r\n")
    yield b"# a comment\n" + one + b"\nsubject=CN\n" + two
    yield key.replace(b"\n", rb"\n")
    yield one[: len(one) // 2]
    yield one[: len(one) // 2] + b"\n" + two
    yield one.replace(b"CERTIFICATE", b"TRUSTED CERTIFICATE")
    yield one.replace(b"M", b"!", 1)
