"""Refusals of the simulated Azure, as ARM and Entra write them."""

from __future__ import annotations

from typing import Any


class ArmError(Exception):
    """A request refused with an HTTP status, a code and a message."""

    def __init__(self, status: int, code: str, message: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """The error document of ARM."""
        return {"error": {"code": self.code, "message": self.message}}


class EntraError(ArmError):
    """A token refused: OAuth's error document, with the number of the AADSTS message."""

    def body(self) -> dict[str, Any]:
        number = self.message.removeprefix("AADSTS").partition(":")[0]
        return {"error": self.code, "error_description": self.message, "error_codes": [int(number)]}


def not_found(resource_id: str) -> ArmError:
    """404 for a resource that is not there."""
    return ArmError(404, "ResourceNotFound", f"The Resource '{resource_id}' was not found.")


def forbidden(action: str, scope: str) -> ArmError:
    """403 for an action that no role assignment gives."""
    text = f"The client does not have authorization to perform action '{action}' over scope '{scope}'."
    return ArmError(403, "AuthorizationFailed", text)


def throttled(seconds: int) -> ArmError:
    """429 with the seconds after which there is room again."""
    text = "The request is being throttled as the limit has been reached for operation type - Read_ObservationWindow."
    return ArmError(429, "OperationNotAllowed", text, headers={"Retry-After": str(seconds)})


def bad_request(code: str, message: str) -> ArmError:
    """400."""
    return ArmError(400, code, message)
