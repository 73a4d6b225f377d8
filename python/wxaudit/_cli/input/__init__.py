"""Read tables of audits: CSV, JSON Lines, Parquet and Excel.

`source` opens a file or standard input, a module for each format yields its rows as they stand there, and
`rows` checks them. Nothing here asks WeChat.
"""

from __future__ import annotations
