"""Refusals of the simulated API server, each of which becomes a `kind: Status` answer."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A request refused with an HTTP status, a Kubernetes reason and a message."""

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        details: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.details = details
        self.metadata = metadata or {}
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """The Status object."""
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.status,
        }
        if self.details is not None:
            body["details"] = self.details
        return body


def not_found(resource: str, name: str, group: str = "") -> ApiError:
    """404 for one object; `resource` is the plural."""
    details = {"name": name, "kind": resource} | ({"group": group} if group else {})
    full = f"{resource}.{group}" if group else resource
    return ApiError(404, "NotFound", f'{full} "{name}" not found', details=details)


def no_such_path() -> ApiError:
    """404 for a path that serves nothing."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", details={})


def already_exists(resource: str, name: str, group: str = "") -> ApiError:
    """409 for a name that is taken."""
    details = {"name": name, "kind": resource} | ({"group": group} if group else {})
    full = f"{resource}.{group}" if group else resource
    return ApiError(409, "AlreadyExists", f'{full} "{name}" already exists', details=details)


def conflict(resource: str, name: str, why: str, group: str = "") -> ApiError:
    """409 for a precondition that does not hold."""
    details = {"name": name, "kind": resource} | ({"group": group} if group else {})
    full = f"{resource}.{group}" if group else resource
    message = f'Operation cannot be fulfilled on {full} "{name}": {why}'
    return ApiError(409, "Conflict", message, details=details)


def bad_request(message: str) -> ApiError:
    """400."""
    return ApiError(400, "BadRequest", message)


def invalid(kind: str, name: str, message: str) -> ApiError:
    """422 for an object that does not validate."""
    return ApiError(422, "Invalid", f'{kind} "{name}" is invalid: {message}', details={"name": name, "kind": kind})


def forbidden(full: str, name: str, sentence: str, details: dict[str, Any]) -> ApiError:
    """403; `full` is the plural with its group."""
    subject = f'{full} "{name}"' if name else full
    return ApiError(403, "Forbidden", f"{subject} is forbidden: {sentence}", details=details)


def expired(message: str, *, token: str | None = None) -> ApiError:
    """410 for a resourceVersion or continue token that is too old; `token` lets the reader go on inconsistently."""
    return ApiError(410, "Expired", message, metadata={"continue": token} if token else {})
