"""Parts of the admin: how values are shown, filters, screenshots and the page of numbers.

Pages have neither scripts nor styles inside them, so that a `Content-Security-Policy: default-src 'self'`
holds. Colours are attributes of SVG, from the table of `_display.labels`.
"""
