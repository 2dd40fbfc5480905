"""Prometheus exporter for ElasticBLAST searches on Azure Kubernetes Service."""

import os

__version__ = "0.1.0"
REVISION = os.environ.get("SOURCE_REVISION", "unknown")
