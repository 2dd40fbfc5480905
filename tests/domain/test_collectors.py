"""What the collectors ask for, and where."""

from __future__ import annotations

import pytest

from exporter.collectors import core


@pytest.mark.parametrize(
    ("configured", "places"),
    [(("default",), [("default",), ()]), (("blast", "other"), [("blast", "other"), ("default",)])],
)
def test_warnings_of_nodes_are_read_in_default_wherever_searches_run(
    configured: tuple[str, ...], places: list[tuple[str, ...]]
) -> None:
    """Kubelets write the events of their node there; in the namespaces of searches all warnings are read."""
    events = [resource for resource in core.COLLECTOR.resources if resource.name == "events"]
    assert [resource.places(configured) for resource in events] == places
    assert "involvedObject.kind=Node" in events[1].watch.fields
