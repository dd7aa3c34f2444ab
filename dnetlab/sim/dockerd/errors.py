"""How the daemon says no: an HTTP status and a sentence, as the Engine API answers {"message": …}."""

from __future__ import annotations


class ApiError(Exception):
    """The client prints it as `Error response from daemon: <message>`. status: 400 bad parameter, 403 forbidden,
    404 not found, 409 conflict, 500 the daemon failed."""

    def __init__(self, message: str, status: int = 500) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
