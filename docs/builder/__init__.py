"""Build the site of the documentation in English and Chinese.

`pages` lists its pages. `layout` writes them as plain Markdown, a folder for each language, `errcodes` and
`reference` make pages from the package, and `call_path` draws a picture. zensical renders each folder; `llms` and
`sitemap` list all pages.
"""
