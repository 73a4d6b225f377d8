"""An editor that asks pyright's language server: what it completes, and what it shows on hover."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

_SERVER = Path(sysconfig.get_path("scripts"), "pyright-langserver")
_SETTINGS = {
    "python": {
        "pythonPath": sys.executable,
        "analysis": {"typeCheckingMode": "off", "diagnosticMode": "openFilesOnly"},
    }
}


class Editor:
    """One file, open in an editor. Expressions are looked for in its text."""

    def __init__(self, folder: Path, text: str) -> None:
        self._lines = text.splitlines()
        self._document = {"uri": (folder / "opened.py").as_uri()}
        self._requests = 0
        self._process = subprocess.Popen(
            [_SERVER, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder
        )
        workspace = {"uri": folder.as_uri(), "name": "folder"}
        capabilities = {
            "workspace": {"configuration": True},
            "textDocument": {"hover": {"contentFormat": ["plaintext"]}},
        }
        self._request("initialize", processId=None, capabilities=capabilities, workspaceFolders=[workspace])
        self._send(method="initialized", params={})
        opened = {**self._document, "languageId": "python", "version": 1, "text": text}
        self._send(method="textDocument/didOpen", params={"textDocument": opened})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._request("shutdown")
            self._send(method="exit")
        finally:
            self._process.communicate(timeout=60)

    def complete(self, expression: str) -> set[str]:
        """The public names after `expression` and a point, which are a line of the text."""
        answer = self._request("textDocument/completion", **self._at(f"{expression}."))
        return {item["label"] for item in answer["items"] if not item["label"].startswith("_")}

    def hover(self, expression: str) -> str:
        """What is shown for the last name of `expression`, which is a line of the text."""
        answer = self._request("textDocument/hover", **self._at(expression))
        return str(answer["contents"]["value"])

    def _at(self, line: str) -> dict[str, Any]:
        position = {"line": self._lines.index(line), "character": len(line)}
        return {"textDocument": self._document, "position": position}

    def _request(self, method: str, **params: Any) -> Any:
        self._requests += 1
        self._send(id=self._requests, method=method, params=params)
        while True:
            message = self._read()
            if "method" in message and "id" in message:
                self._send(id=message["id"], result=_answer(message))
            elif message.get("id") == self._requests:
                assert "error" not in message, message
                return message["result"]

    def _send(self, **message: Any) -> None:
        assert self._process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        size = 0
        while (header := self._process.stdout.readline()) != b"\r\n":
            name, _, value = header.partition(b":")
            assert value, "the language server has ended"
            if name.lower() == b"content-length":
                size = int(value)
        return json.loads(self._process.stdout.read(size))


def _answer(message: dict[str, Any]) -> Any:
    """The settings, when the server asks for them; nothing else is answered."""
    if message["method"] != "workspace/configuration":
        return None
    return [_SETTINGS.get(item.get("section"), {}) for item in message["params"]["items"]]
