"""The actors of the simulated cluster: kubelets, machines, ElasticBLAST's clients and the people around them."""

from __future__ import annotations

from exporter.simulator.world.world import World

__all__ = ["World"]
