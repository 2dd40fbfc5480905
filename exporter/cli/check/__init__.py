"""What the exporter may do, and what grants the rest: in Kubernetes and in Azure."""
