"""Somebody's work, judged from its journal: run again in a clean lab, compared, scored. No Python of theirs runs."""
