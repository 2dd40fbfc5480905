"""Writes deploy/kubernetes/exporter.yaml, what the chart makes by default, for those who do not use Helm.

`python -m deploy.manifests` needs `helm`: that of the tests, or the one on PATH. The boards are left out: dashboards/
has them, and together they are too large for `kubectl apply`.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from deploy.rules.source import CHART

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "deploy" / "kubernetes" / "exporter.yaml"
NAME = "elasticblast-exporter"
HEAD = f"""\
# What the Helm chart makes with its defaults (without its boards), printed by `make manifests`. It follows the searches
# in the namespace `default`; docs/install.md says what to change for others.
#
#   kubectl apply --server-side -f deploy/kubernetes/exporter.yaml
---
apiVersion: v1
kind: Namespace
metadata:
  name: {NAME}
  labels:
    pod-security.kubernetes.io/enforce: restricted
"""
_HELMS_OWN = ("# Source: ", "helm.sh/chart: ", "app.kubernetes.io/managed-by: ")


def printed() -> str:
    """The file as it should be. Raises RuntimeError where helm is not to be had or refuses the chart."""
    own = ROOT / "tests" / "tools" / "bin" / "helm"
    helm = str(own) if own.exists() else shutil.which("helm")
    if helm is None:
        raise RuntimeError("helm is not installed")
    command = [
        helm,
        "template",
        NAME,
        str(CHART),
        f"--namespace={NAME}",
        "--set=dashboards.enabled=false",
        "--skip-tests",
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603  no shell
    if ran.returncode != 0:
        raise RuntimeError(ran.stderr)
    lines = [line for line in ran.stdout.splitlines() if line and not line.strip().startswith(_HELMS_OWN)]
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PLACE.parent.mkdir(exist_ok=True)
    PLACE.write_text(printed(), encoding="utf-8")
