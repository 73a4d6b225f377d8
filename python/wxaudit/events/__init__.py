"""WeChat's push events about audits, for third-party platforms: 代码审核结果推送.

WeChat posts them to the platform's 消息与事件接收 URL, always encrypted, always XML, and lets some get lost:
asking stays the safety net.

    receiver = EventReceiver(token, encoding_aes_key, component_appid)
    event = receiver.receive(query_string, body)  # AuditEvent, None for any other push, or EventRejected
    # answer the bare text SUCCESS with HTTP 200

Needs cryptography and defusedxml; `import wxaudit` alone imports neither, nor this.

Sources, under https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/:
Before_Develop/message_push.html, Before_Develop/Technical_Plan.html, code/audit_event.html
"""

from __future__ import annotations

from ._audit_event import AuditEvent
from ._receiver import SUCCESS, EventReceiver
from ._rejected import EventRejected

__all__ = ["SUCCESS", "AuditEvent", "EventReceiver", "EventRejected"]
