"""What Azure's clients and credentials raise, as our words. Nothing of their texts is passed on: they can hold tenants,
subscriptions, requests and assertions."""

from __future__ import annotations

import time

from exporter.adapters.errors import failure_of, failure_of_status
from exporter.domain.failures import Failed, Word

_NO_TOKEN = "no token from Entra"  # noqa: S105 - a sentence
_REFUSED = (400, 401)
_OF_CREDENTIALS = ("ClientAuthenticationError", "CredentialUnavailableError")


def azure_failure(error: Exception, what: str) -> Failed:
    """Return the failure of an ARM request, `what` says which; also if what failed was to get the token for it."""
    if isinstance(error, Failed):
        return error
    response = getattr(error, "response", None)
    if type(error).__name__ in _OF_CREDENTIALS and "/subscriptions/" not in _asked(response):
        return token_failure(error)
    failure = _failure(error)
    return Failed(failure.word, f"{what}: {failure.detail}", failure.retry_after)


def token_failure(error: Exception) -> Failed:
    """Return the failure that no token is: refused by Entra is `unauthenticated`, whatever the HTTP status."""
    status = getattr(error, "status_code", None)
    if status in _REFUSED or type(error).__name__ == "CredentialUnavailableError":
        return Failed(Word.UNAUTHENTICATED, _NO_TOKEN)
    failure = _failure(error)
    return Failed(failure.word, f"{_NO_TOKEN}: {failure.detail}", failure.retry_after)


def _failure(error: Exception) -> Failed:
    """As `failure_of`; the headers of Azure's errors are those of their answer."""
    status = getattr(error, "status_code", None)
    headers = getattr(getattr(error, "response", None), "headers", None)
    if isinstance(status, int) and headers is not None:
        return failure_of_status(status, headers, now=time.time())
    return failure_of(error, now=time.time())


def _asked(response: object) -> str:
    request = getattr(response, "request", None) or getattr(response, "http_request", None)
    return str(getattr(request, "url", ""))
