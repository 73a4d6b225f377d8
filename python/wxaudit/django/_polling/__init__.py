"""A round of asking: claim what is due, ask WeChat, decide what comes of it, record it, tell receivers.

Uses the models, the signals, the setting and the clients; the commands and the tasks of queues use it.
"""
