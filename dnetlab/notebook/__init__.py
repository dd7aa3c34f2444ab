"""The lab in Jupyter: the magic, what it shows, and what it completes."""
