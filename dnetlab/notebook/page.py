"""The page that a notebook is shown in: whether it can hold something that answers, and what the page is sent for it.

JavaScript and styles are files of this package, so nothing is asked from anywhere else, and nothing is built.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from dnetlab.language import say

HERE = Path(__file__).parent


def nowhere() -> str:
    """Why nothing that answers can be shown here, as a sentence; '' where it can."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None or getattr(shell, "kernel", None) is None:
        return say("This works in a notebook's page.")
    try:
        import anywidget  # noqa: F401
    except ImportError:
        return say("This needs anywidget: `pip install anywidget`, then restart the kernel and reload the page.")
    return ""


@lru_cache
def files(*names: str) -> str:
    """The text of these files of the package, one after the other: a widget's page is given one module."""
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)
