"""Pages and notebooks as people see them, in Chromium and JupyterLab."""
