"""Which Azure, and who we are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

CredentialName = Literal["workload-identity", "managed-identity", "azure-cli", "environment"]
PUBLIC_ENDPOINT = "https://management.azure.com"
# Clouds whose tokens are for an ARM of their own.
_OTHER_CLOUDS = ("management.usgovcloudapi.net", "management.chinacloudapi.cn")

# Seconds; the next scheduled attempt is the retry, and nothing is taken from proxy variables.
HTTP_OPTIONS: dict[str, Any] = {
    "connection_timeout": 3,
    "read_timeout": 10,
    "retry_total": 0,
    "use_env_settings": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureSettings:
    """`endpoint` is ARM's base URL, `authority` the one that gives out tokens (empty: as AZURE_AUTHORITY_HOST says, or
    the public cloud's). `ca_file`: who may sign both their certificates, if not the authorities of the system. Empty
    ids and `token_file`: those of the environment."""

    credential: CredentialName = "workload-identity"
    client_id: str = ""
    tenant_id: str = ""
    token_file: str = ""
    endpoint: str = PUBLIC_ENDPOINT
    authority: str = ""
    ca_file: str = ""

    def http(self) -> dict[str, Any]:
        """The options of every connection to Azure."""
        return {**HTTP_OPTIONS, **({"connection_verify": self.ca_file} if self.ca_file else {})}

    @property
    def scope(self) -> str:
        """What a token for ARM is asked for."""
        host = urlsplit(self.endpoint).hostname
        return f"https://{host}/.default" if host in _OTHER_CLOUDS else f"{PUBLIC_ENDPOINT}/.default"
