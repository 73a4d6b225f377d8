"""Run the fuzz targets of the core and the search for push events: `python -m fuzz`, or `make fuzz`."""
