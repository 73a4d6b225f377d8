"""Show a chart in notebooks: without a network in JupyterLab, elsewhere as Altair does."""

from __future__ import annotations

import os
import sys

import altair as alt

from .._signals import raised_by_signal
from .drawing import svg

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# What JupyterLab, Jupyter Notebook and VS Code draw by themselves, also in untrusted notebooks.
_DRAWN = "application/vnd.vegalite.v5+json"
_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"

# Services that cannot draw it by themselves set one of these variables, or have the module.
_HTML_ONLY = ("COLAB_RELEASE_TAG", "DATABRICKS_RUNTIME_VERSION", "KAGGLE_KERNEL_RUN_TYPE")
_HTML_ONLY_MODULE = "google.colab"


class BatchChart(alt.VConcatChart):
    """An `altair.VConcatChart` that needs no CDN if the front end can draw Vega-Lite itself.

    Altair's default is HTML that loads Vega from a CDN. The bundle does not contain it too, since JupyterLab
    would prefer the HTML. It contains a picture, for nbconvert and for pages that show notebooks. A renderer
    that the user has enabled is used.
    """

    def _repr_mimebundle_(self, *args: Any, **options: Any) -> Any:
        if alt.renderers.active != "default" or _needs_html():
            return super()._repr_mimebundle_(*args, **options)
        try:
            specification = self.to_dict(context={"pre_transform": False})
            picture = svg(specification)
        except Exception as error:
            if raised_by_signal(error):
                raise
            # Altair refuses a change that the user made, and reports that in its own way.
            return super()._repr_mimebundle_(*args, **options)
        # The chart has only features of version 5. Its readers would warn about the name of version 6.
        text = "\n".join(["chart · 图表", *_lines(specification)])
        bundle = {_DRAWN: {**specification, "$schema": _SCHEMA}, "text/plain": text}
        if picture is not None:
            bundle["image/svg+xml"] = picture
        return bundle, {_DRAWN: dict(alt.renderers.options)} if alt.renderers.options else {}


def _needs_html() -> bool:
    return _HTML_ONLY_MODULE in sys.modules or any(name in os.environ for name in _HTML_ONLY)


def _lines(specification: dict[str, Any]) -> Iterator[str]:
    """What the panels say, as far as the user has not changed them."""
    datasets = specification.get("datasets", {})
    for panel in specification["vconcat"]:
        title = panel.get("title")
        if isinstance(title, dict):
            yield ": ".join([title["text"], "; ".join(title.get("subtitle", ()))])
        for value in datasets.get(panel.get("data", {}).get("name"), ()):
            if "name" in value:
                yield f"  {value['count']:>7,d}  {value['name']}"
