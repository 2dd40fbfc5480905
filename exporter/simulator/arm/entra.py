"""The token endpoint: client assertions and secrets in, bearer tokens out; and whether a bearer token opens a door."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from exporter.simulator.arm.errors import ArmError, EntraError
from exporter.simulator.clock import SimClock

KUBERNETES = "6dae42f8-4368-4678-94ff-3960e28e3630"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One bearer token: for whom, for which resource, from when until when, and the claims that were asked for."""

    text: str
    client: str
    audience: str
    issued: float
    expires: float
    claims: str = ""


@dataclass(slots=True, kw_only=True)
class Identity:
    """An application: what proves it (the federated token's text, or a secret)."""

    client: str
    assertion: str = ""
    secret: str = ""


class Entra:
    """One tenant. `lifetime` is in seconds; `on_issue` hears each token, so that an API server can come to know it."""

    def __init__(self, clock: SimClock, *, tenant: str, lifetime: float = 3600.0) -> None:
        self.tenant = tenant
        self.lifetime = lifetime
        self.identities: dict[str, Identity] = {}
        self.on_issue: Callable[[Token], None] = lambda _token: None
        self.valid_from = 0.0
        self.issued: list[Token] = []
        self._clock = clock
        self._tokens: dict[str, Token] = {}

    def configuration(self, origin: str) -> dict[str, object]:
        """The OpenID document of the tenant."""
        root = f"{origin}/{self.tenant}"
        return {
            "issuer": f"{root}/v2.0",
            "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
            "token_endpoint": f"{root}/oauth2/v2.0/token",
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def grant(self, form: Mapping[str, str]) -> dict[str, object]:
        """A token for the form of a client-credentials request; EntraError if it proves nothing."""
        identity = self.identities.get(form.get("client_id", ""))
        if identity is None:
            raise EntraError(400, "unauthorized_client", "AADSTS700016: The application was not found.")
        if form.get("grant_type") != "client_credentials":
            raise EntraError(400, "unsupported_grant_type", "AADSTS70003: The grant type is not supported.")
        if not _proven(identity, form):
            raise EntraError(401, "invalid_client", "AADSTS700211: No matching federated identity record found.")
        token = Token(
            text=_opaque(),
            client=identity.client,
            audience=form.get("scope", "").split(" ")[0].removesuffix("/.default").rstrip("/"),
            issued=self._clock.now(),
            expires=self._clock.now() + self.lifetime,
            claims=_asked(form.get("claims", "")),
        )
        self._tokens[token.text] = token
        self.issued.append(token)
        self.on_issue(token)
        seconds = int(self.lifetime)
        return {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token.text}

    def open(self, authorization: str | None, audience: str) -> Token:
        """The token of a request for `audience`; ArmError 401 if it has none, or one that is no longer good."""
        scheme, _, text = (authorization or "").partition(" ")
        token = self._tokens.get(text)
        if scheme != "Bearer" or token is None or token.audience != audience:
            raise _refused("InvalidAuthenticationToken", "The access token is invalid.")
        if token.expires <= self._clock.now():
            raise _refused("ExpiredAuthenticationToken", "The access token expiry is in the past.")
        if token.issued < self.valid_from:
            raise self._challenge()
        return token

    def outdate(self, ahead: float = 0.0) -> None:
        """From now on a token issued before now, or before `ahead` seconds from now, meets a claims challenge."""
        self.valid_from = self._clock.now() + ahead

    def revoke(self) -> None:
        """Forget every token given out so far."""
        self._tokens.clear()

    def _challenge(self) -> ArmError:
        moment = {"essential": True, "value": str(int(self.valid_from))}
        claims = base64.urlsafe_b64encode(json.dumps({"access_token": {"nbf": moment}}).encode()).decode()
        place = f"https://login.microsoftonline.com/{self.tenant}"
        head = f'Bearer realm="", authorization_uri="{place}", error="insufficient_claims", claims="{claims}"'
        return ArmError(
            401, "TokenCreatedWithOutdatedPolicies", "Continuous access.", headers={"WWW-Authenticate": head}
        )


def _proven(identity: Identity, form: Mapping[str, str]) -> bool:
    if "client_assertion" in form:
        right_kind = form.get("client_assertion_type") == _ASSERTION_TYPE
        return right_kind and bool(identity.assertion) and form["client_assertion"] == identity.assertion
    return bool(identity.secret) and form.get("client_secret") == identity.secret


def _opaque() -> str:
    """Text in the shape of a JSON Web Token, which says nothing."""
    parts = (b'{"alg":"none"}', b"{}", secrets.token_bytes(24))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def _asked(claims: str) -> str:
    """The claims of a request without those that the client's library always adds."""
    if not claims:
        return ""
    asked = json.loads(claims)
    asked.get("access_token", {}).pop("xms_cc", None)
    asked = {name: value for name, value in asked.items() if value}
    return json.dumps(asked, separators=(",", ":")) if asked else ""


def _refused(code: str, message: str) -> ArmError:
    return ArmError(401, code, message, headers={"WWW-Authenticate": f'Bearer error="invalid_token", code="{code}"'})
