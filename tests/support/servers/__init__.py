"""Servers and proxies that tests start: real ones, and ones that misbehave."""
