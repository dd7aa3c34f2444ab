"""How the daemon says no: an HTTP status and a sentence, as the Engine API answers {"message": …}."""

from __future__ import annotations

from typing import Any

from dnetlab.language import Words, worded


class ApiError(Exception):
    """The client prints it as `Error response from daemon: <message>`. status: 400 bad parameter, 403 forbidden,
    404 not found, 409 conflict, 500 the daemon failed."""

    def __init__(self, message: str, status: int = 500) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class NotModelled(ApiError):
    """Something a real daemon does and the lab doesn't: 501 over HTTP; our own client makes a refusal of it.

    why: what isn't modelled; instead: what to do, empty when there is nothing.
    """

    def __init__(self, why: str | Words, instead: str | Words = "", /, **fields: Any) -> None:
        self.why, self.instead = worded(why, fields), worded(instead, fields)
        super().__init__(str(self.why), 501)

    @property
    def hint(self) -> str:
        return str(self.instead)
