"""Import the libraries of tables, charts and bars before anything else.

They bring a quarter of a million objects, none of which knows a secret: frozen, they are not walked over.
"""

from __future__ import annotations

import gc

import altair
import arro3.core
import opentelemetry.sdk.trace
import pandas
import polars
import pyarrow
import tqdm.auto

LIBRARIES = (altair, arro3.core, opentelemetry.sdk.trace, pandas, polars, pyarrow, tqdm.auto)

gc.collect()
gc.freeze()
