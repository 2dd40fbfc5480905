"""A simulated Azure: Entra tokens, managed clusters and what lies beside them, quota and metrics, over TLS."""
