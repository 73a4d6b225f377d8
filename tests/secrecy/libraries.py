"""Import the libraries of tables, charts and bars before anything else.

They create a quarter of a million objects without secrets. Freezing them excludes them from walks.
"""

from __future__ import annotations

import gc

import altair
import arro3.core
import opentelemetry.sdk.trace
import pandas
import polars
import pyarrow
import pydantic
import tqdm.auto

LIBRARIES = (altair, arro3.core, opentelemetry.sdk.trace, pandas, polars, pyarrow, pydantic, tqdm.auto)

gc.collect()
gc.freeze()
