"""Configuration: one YAML file, overridden by the environment, overridden by flags."""

from exporter.config.azure import Azure, ClusterAzure
from exporter.config.describe import Key, describe, example_yaml, markdown
from exporter.config.fleet import Discovery
from exporter.config.limits import Intervals, Limits, RuleTimes
from exporter.config.listeners import Admin, Listen, Tls
from exporter.config.load import load
from exporter.config.model import Cluster, Config, Connect, Log, Metrics, Price
from exporter.config.problems import ConfigError, Problem

__all__ = [
    "Admin",
    "Azure",
    "Cluster",
    "ClusterAzure",
    "Config",
    "ConfigError",
    "Connect",
    "Discovery",
    "Intervals",
    "Key",
    "Limits",
    "Listen",
    "Log",
    "Metrics",
    "Price",
    "Problem",
    "RuleTimes",
    "Tls",
    "describe",
    "example_yaml",
    "load",
    "markdown",
]
