"""Receive WeChat's push events about audits (代码审核结果推送) on a third-party platform.

WeChat posts them to the platform's 消息与事件接收 URL as encrypted XML. Some pushes get lost, so continue to
query the status as well.

    receiver = EventReceiver(token, encoding_aes_key, component_appid)
    event = receiver.receive(query_string, body)  # AuditEvent, None for other pushes, or raises EventRejected
    # answer with the text SUCCESS and HTTP 200

It needs cryptography and defusedxml. `import wxaudit` does not import this package.

Sources, under https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/:
Before_Develop/message_push.html, Before_Develop/Technical_Plan.html, code/audit_event.html
"""

from __future__ import annotations

from ._audit_event import AuditEvent
from ._receiver import SUCCESS, EventReceiver
from ._rejected import EventRejected

__all__ = ["SUCCESS", "AuditEvent", "EventReceiver", "EventRejected"]


def __dir__() -> list[str]:
    return sorted(__all__)  # for completion
