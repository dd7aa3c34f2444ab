"""dnetlab: learn how Docker networks work by typing the real commands and seeing what each one changed.

>>> from dnetlab import Lab
>>> lab = Lab()
>>> lab.run("docker run -d --name web1 nginx").exit_code
0

Importing this package imports nothing heavy: pandas, IPython, docker and graphviz come in where they
are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnetlab.version import __version__

__all__ = ["Lab", "__version__", "load_ipython_extension"]

if TYPE_CHECKING:
    from dnetlab.lab import Lab


def __getattr__(name: str) -> Any:
    if name == "Lab":
        from dnetlab.lab import Lab

        return Lab
    raise AttributeError(f"module 'dnetlab' has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext dnetlab` registers `%dnet` and `%%dnet` in the IPython shell."""
    from dnetlab.notebook.magic import register

    register(shell)
