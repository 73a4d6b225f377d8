"""List the pages of the site, in the order of its navigation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from . import errcodes, reference
from .languages import CHINESE, Language, Text

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
# How the READMEs name files, since they are shown by the package index too.
REPOSITORY = (
    "https://github.com/wxaudit/wxaudit/blob/main/",
    "https://raw.githubusercontent.com/wxaudit/wxaudit/main/",
)


@dataclass(frozen=True)
class Page:
    """A page in both languages.

    `path`: in the site, below the folder of its language. `source`: the English file in the repository; the
    Chinese one is beside it. `make`: writes a page that has no file.
    """

    path: str
    title: Text
    source: str = ""
    make: Callable[[Language], str] | None = None
    # For those who work on wxaudit itself, who read the code too, which is in English.
    only_english: bool = False
    # The Chinese text is in the same file, below `## 中文`, before tables for both.
    in_one_file: bool = False

    def file(self, language: Language) -> Path:
        english = ROOT / self.source
        chinese = english.with_name(english.name.removesuffix(".md") + CHINESE.suffix)
        return chinese if language is CHINESE and not (self.only_english or self.in_one_file) else english


class Section(NamedTuple):
    title: Text
    pages: tuple[Page, ...]


def _page(path: str, english: str, chinese: str, *, only_english: bool = False, source: str = "") -> Page:
    return Page(path, Text(english, chinese), source or f"docs/{path}", only_english=only_english)


def _project(path: str, english: str, chinese: str, source: str = "") -> Page:
    return _page(path, english, chinese, only_english=True, source=source)


def _example(name: str, english: str, chinese: str) -> Page:
    return Page(f"examples/{name}.md", Text(english, chinese), f"examples/{name}/README.md", in_one_file=True)


def _generated(path: str, title: Text, make: Callable[[Language], str]) -> Page:
    return Page(path, title, make=make)


def _errcode_pages() -> tuple[Page, ...]:
    return tuple(
        _generated(errcodes.path(code), errcodes.title(code), partial(errcodes.page, code))
        for code in errcodes.CODES
    )


def _reference_pages() -> tuple[Page, ...]:
    return tuple(
        _generated(topic.path, topic.title, partial(reference.page, topic)) for topic in reference.TOPICS
    )


SECTIONS = (
    Section(
        Text("Start", "开始"),
        (
            _page("index.md", "wxaudit", "wxaudit"),
            _page("tutorial.md", "Tutorial", "教程"),
            _page("guide.md", "Overview", "概览", source="README.md"),
            _page("troubleshooting.md", "Troubleshooting", "常见问题与排查"),
        ),
    ),
    Section(
        Text("How-to guides", "操作指南"),
        (
            _page("how-to/install.md", "Installation and platforms", "安装与平台"),
            _page("django.md", "Django", "Django"),
            _page("how-to/celery.md", "Celery", "Celery"),
            _page("how-to/fastapi.md", "FastAPI", "FastAPI"),
            _page("how-to/notebook.md", "Notebooks", "Notebook"),
            _page("how-to/token-sources.md", "Token sources", "令牌来源"),
            _page("how-to/errors.md", "Errors", "错误"),
            _page("cli.md", "On the command line", "命令行"),
            _page("events.md", "Push events", "推送事件"),
            _page("network.md", "Names, addresses, proxies", "域名、地址与代理"),
            _page("how-to/private-ca.md", "Private CAs", "私有 CA 证书"),
            _page("testing.md", "Tests without WeChat", "不连微信也能测试"),
            _page("how-to/containers.md", "Containers", "容器"),
            _page("observability.md", "Observability", "日志与链路追踪"),
            _page("how-to/wechatpy.md", "Moving from wechatpy", "从 wechatpy 迁移"),
        ),
    ),
    Section(
        Text("Errcodes", "错误码"),
        (_generated("errcodes/index.md", errcodes.INDEX, errcodes.index), *_errcode_pages()),
    ),
    Section(Text("Reference", "参考"), _reference_pages()),
    Section(
        Text("Explanations", "原理"),
        (
            _page("explanations/delayed.md", "Why delayed is pending", "为什么“审核延后”不是结果"),
            _page("explanations/retries.md", "Retries and polling", "重试与轮询"),
            _page("explanations/processes.md", "Fork and exit", "fork 与退出"),
            _page("explanations/asyncio.md", "How asyncio is served", "asyncio 是怎样实现的"),
            _page("explanations/tokens.md", "What is promised about tokens", "对令牌的承诺"),
            Page(
                "performance.md",
                Text("What a call costs", "一次调用的开销"),
                "docs/performance.md",
                in_one_file=True,
            ),
        ),
    ),
    Section(
        Text("Project", "项目"),
        (
            _page("changelog.md", "Changelog", "变更记录", source="CHANGELOG.md"),
            _page("architecture.md", "Architecture", "架构"),
            _project("faults.md", "What goes wrong", "故障与结果"),
            _page("security.md", "Security", "安全", source="SECURITY.md"),
            _project("contributing.md", "Contributing", "参与开发", "CONTRIBUTING.md"),
            _project("benches.md", "How speed is measured", "性能测量方法", "benches/README.md"),
            _example("django_shop", "Example: a shop on Django", "示例：Django 商城"),
            _example("dask", "Example: a Dask cluster", "示例：Dask 集群"),
            _example("ray", "Example: a Ray cluster", "示例：Ray 集群"),
            _example("notebooks", "Example: notebooks", "示例：Notebook"),
        ),
    ),
)
PAGES = tuple(page for section in SECTIONS for page in section.pages)
