"""The error for a push that is not accepted."""

from __future__ import annotations

from .._errors.base import WxAuditError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._errors.hint import Hint


class EventRejected(WxAuditError):  # noqa: N818  # named after what happened, like the other errors
    """A push is forged, for another platform, too old, replayed, or not readable.

    Every error from the signature to the appid has the same message, so that the message does not help an
    attacker to guess a key.

    Attribute: `replayed`, whether the same push was accepted before. Answer it with `success`, so that WeChat
    stops repeating it.
    """

    __module__ = "wxaudit.events"
    _attributes = ("replayed", *WxAuditError._attributes)

    replayed: bool = False

    def _hints(self) -> Hint:
        from .._errors.hint import Hint

        if self.replayed:
            return Hint(
                "No action is needed. Answer success, so that WeChat does not send the push again.",
                "无需处理：请直接回复 success，以免微信再次推送。",
            )
        return Hint(
            "If WeChat sent the push, compare Token, EncodingAESKey and appid with the settings of the "
            "third-party platform in WeChat's console, and check this server's clock. Otherwise answer "
            "HTTP 403 and ignore it.",
            "如果确为微信推送，请核对第三方平台“开发资料”中的消息校验 Token、消息加解密 Key 和 AppID，并校准"
            "服务器时间；否则回复 HTTP 403 并忽略即可。",
        )
