"""Pictures of the boards: drawn with Grafana's published libraries from the answers of a real Prometheus."""
