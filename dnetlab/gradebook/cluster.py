"""Grade on a Dask cluster: the same jobs, the same rows. Each machine of it needs dnetlab, of the same version.

The files of a hand-in travel as bytes; a lesson of one's own has to lie in the same folder everywhere.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from dnetlab.errors import DnetError
from dnetlab.gradebook.handed_in import Part
from dnetlab.gradebook.reading import raw


@contextmanager
def connected(address: str, seconds: float = 10.0) -> Iterator[Executor]:
    """An executor on the cluster whose scheduler is there. DnetError: nobody answers, or Dask is not installed.

    A worker that dies gives its jobs to the others. seconds: that the scheduler has to answer.
    """
    try:
        from distributed import Client
    except ImportError:
        raise DnetError("grading on a cluster needs Dask", hint="pip install 'dnetlab[dask]'") from None
    try:
        client = Client(address, timeout=seconds, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise DnetError("no Dask scheduler answers at {address}: {error}", address=address, error=error) from None
    with client:
        executor: Executor = client.get_executor(pure=False)  # type: ignore[no-untyped-call]
        yield executor


def ship(job: dict[str, Any]) -> dict[str, Any]:
    """The job with the bytes of its files, as far as anybody would read them."""
    parts = [Part(**part) for part in job["parts"]]
    sent = [
        {"name": part.name, "path": "", "member": "", "base64": base64.b64encode(data).decode("ascii")}
        if (data := raw(part)) else vars(part)
        for part in parts
    ]  # fmt: skip
    return job | {"parts": sent}
