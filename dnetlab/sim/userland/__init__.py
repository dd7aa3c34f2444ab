"""A shell and the text tools it runs, apart from networks: words, input and files in; text and a status out (seam.py).

Nothing here knows a lab: `sim/shell.py` and `sim/tools/text.py` hand in its files and its other programs.
"""
