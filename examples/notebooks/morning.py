"""Generate the submissions of a third-party platform, and a fake WeChat that holds them.

The data is always the same, relative to the current time.
"""

from __future__ import annotations

import random
import string
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

import pandas as pd

from wxaudit import AuditState
from wxaudit.testing import FakeClock, FakeWeChat, Fault, Step

AUDITS = 2000
MERCHANTS = 300
PAST_HOURS = 9 * 24
LONGEST_HOURS = 7 * 24

# Weight, title and details of reasons.
TITLES = [
    (
        24,
        '服务类目"餐饮-点餐平台_"与你提交代码审核时设置的功能页面内容不一致',
        ["功能页面设置的部分标签不属于所选的服务类目范围。", "功能页面设置的部分标签与该页面内容不相关。"],
    ),
    (
        21,
        "小程序内容不符合规则",
        [
            "页面无正式运营内容，请上架完整内容再提交审核。（测试环境wifi/4G，ios17.4.1，微信8.0.49，iPhone13）",
            "页面存在测试商品、测试价格等测试数据，请清理后再提交审核。",
        ],
    ),
    (
        17,
        "涉及未经用户同意收集个人信息",
        [
            "请在用户授权之前展示《隐私保护指引》，并如实声明收集手机号的目的。",
            "进入首页即弹窗要求授权手机号，用户拒绝后无法继续浏览。",
        ],
    ),
    (
        12,
        "小程序无法正常使用",
        [
            '点击"立即下单"后页面白屏，请修复后再提交审核。（安卓14，微信8.0.50，Mate 60）',
            "提供的测试账号无法登录，请核实后重新提供。",
        ],
    ),
    (8, "缺少与服务内容相符的资质", ["请补充《食品经营许可证》。", "请补充《增值电信业务经营许可证》。"]),
    (6, "账号信息不符合规范", ["小程序名称与实际提供的服务不符。", "头像含有他人注册商标。"]),
    (4, "存在诱导分享行为", ["以红包为奖励，要求用户分享到群后才能继续使用。"]),
    (3, "涉及虚拟支付", ["iOS 端提供会员、课程等虚拟商品的付费入口。"]),
    (3, "用户发布的内容未经过安全审核", ["评论区可以发布违规图片，请接入内容安全接口。"]),
    (2, "含有诱导跳转至其他应用的内容", ["首页横幅引导用户下载App。"]),
]
FREE_TEXTS = [
    "你好，你的小程序涉及社交-社区/论坛，请选择对应的服务类目并补充资质后再提交审核。",
    "小程序暂不支持该类服务，请调整后重新提交。",
    None,
]
DELAYS = ["审核人数较多，审核时间将延后，请耐心等待。", "涉及特殊行业，正在进一步核实资质。"]

# Reasons are untrusted text. By row: reasons that a page or a spreadsheet must not execute.
HOSTILE = {
    4: '1:页面含有脚本 <img src=x onerror="window.hacked=1">:<br>(1):\x1b[31m<script>alert()</script>\x1b[0m',
    7: '=HYPERLINK("http://localhost/","点此查看原因")',
}


class Morning(NamedTuple):
    """The fake WeChat, and the platform's table of submissions."""

    fake: FakeWeChat
    submitted: pd.DataFrame


def morning(seed: int = 20261124) -> Morning:
    """Start a `FakeWeChat` with the submissions of the last nine days and their reviews."""
    chance = random.Random(seed)  # noqa: S311  # the same audits every time, and no secrets
    start = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=PAST_HOURS)
    fake = FakeWeChat(clock=FakeClock(start)).start()
    merchants = [f"wx{chance.getrandbits(64):016x}" for _ in range(MERCHANTS)]
    busy = [chance.paretovariate(1.5) for _ in merchants]
    owners = merchants + chance.choices(merchants, busy, k=AUDITS - MERCHANTS)
    chance.shuffle(owners)
    numbers = iter(chance.sample(range(410_000_000, 670_000_000), AUDITS + 1))
    rows: list[tuple[str, int, datetime]] = []
    # Recent submissions are more frequent, since the platform grows.
    moments = sorted(_whole(PAST_HOURS * chance.random() ** 0.7) for _ in owners)
    for appid, moment in zip(owners, moments, strict=True):
        fake.clock.advance(start + moment - fake.clock.now())
        life = _life(chance)
        if hostile := HOSTILE.get(len(rows)):
            life = [Step(AuditState.REJECTED, after=_whole(5), reason=hostile)]
        audit = fake.submit(appid, auditid=next(numbers), life=life)
        rows.append((appid, audit.auditid, audit.submitted_at))
    fake.clock.advance(start + timedelta(hours=PAST_HOURS) - fake.clock.now())
    submitted = pd.DataFrame(rows, columns=["appid", "auditid", "submitted_at"])
    _go_wrong(fake, submitted, mistyped=next(numbers))
    return Morning(fake, submitted)


def _life(chance: random.Random) -> list[Step]:
    """Return the steps of a review: hours for most, days for some; one in twelve is delayed."""
    hours = min(chance.lognormvariate(2.6, 1.0), LONGEST_HOURS)
    if chance.random() > 1 / 12:
        return [_decision(chance, hours)]
    hours = min(3 * hours, LONGEST_HOURS)
    delayed = Step(AuditState.DELAYED, after=_whole(hours / 3), reason=chance.choice(DELAYS))
    return [delayed, _decision(chance, hours * 2 / 3)]


def _decision(chance: random.Random, hours: float) -> Step:
    [state] = chance.choices([AuditState.APPROVED, AuditState.REJECTED, AuditState.WITHDRAWN], [68, 28, 4])
    if state != AuditState.REJECTED:
        return Step(state, after=_whole(hours))
    screenshots = [_media_id(chance) for _ in range(chance.choice([0, 0, 1, 2, 3]))]
    return Step(state, after=_whole(hours), reason=_reason(chance), screenshots=screenshots)


def _reason(chance: random.Random) -> str | None:
    if chance.random() < 0.08:
        return chance.choice(FREE_TEXTS)
    weights = [weight for weight, *_ in TITLES]
    chosen = chance.choices(TITLES, weights, k=chance.choice([1, 1, 1, 2, 2, 3]))
    titles = {title: chance.sample(details, chance.randint(1, len(details))) for _, title, details in chosen}
    text = ""
    for number, (title, details) in enumerate(titles.items(), 1):
        text += f"{number}:{title}:<br>"
        text += "".join(f"({below}):{detail}<br>" for below, detail in enumerate(details, 1))
    return text


def _media_id(chance: random.Random) -> str:
    return "".join(chance.choices(string.ascii_letters + string.digits + "-_", k=64))


def _whole(hours: float) -> timedelta:
    return timedelta(minutes=round(60 * hours))


def _go_wrong(fake: FakeWeChat, submitted: pd.DataFrame, mistyped: int) -> None:
    """Add lost authorizations, a merchant that reached its quota, and two typing errors in the table."""
    by_size = list(submitted["appid"].value_counts().index)
    for appid in by_size[20:23]:
        fake.deauthorize(appid)
    fake.fail_next(Fault(errcode=45011, errmsg="api minute-quota reach limit"), times=None, appid=by_size[5])
    untroubled = ~submitted["appid"].isin([by_size[5], *by_size[20:23]])
    rows = submitted.index[untroubled]
    submitted.loc[rows[40], "auditid"] = mistyped
    submitted.loc[rows[60], "auditid"] = 0
