"""The one error for a push that is not taken."""

from __future__ import annotations

from .._errors.base import WxAuditError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._errors.hints import Hint


class EventRejected(WxAuditError):  # noqa: N818  # a condition, not a fault
    """A push that is not WeChat's, not for this platform, not of now, not new, or cannot be read.

    The message is the same for whatever is wrong from its signature to its appid, so that an answer made of
    it helps nobody to guess a key.

    Attribute: `replayed`, whether the very same push was taken before; answering such a one with `success`
    ends WeChat's own repetitions.
    """

    __module__ = "wxaudit.events"
    _attributes = ("replayed", *WxAuditError._attributes)

    replayed: bool = False

    def _hints(self) -> Hint:
        from .._errors.hints import Hint

        if self.replayed:
            return Hint(
                "Nothing is to be done: answer success, so that WeChat does not send it again.",
                "无需处理：请直接回复 success，以免微信再次推送。",
            )
        return Hint(
            "If WeChat sent it, compare Token, EncodingAESKey and appid with those of the third-party "
            "platform in WeChat's console, and set this server's clock; otherwise answer HTTP 403 and "
            "forget it.",
            "如果确为微信推送，请核对第三方平台后台的消息校验 Token、消息加解密 Key 和 appid，并校准服务器"
            "时间；否则回复 HTTP 403 并忽略即可。",
        )
