"""What people look at: Grafana boards as JSON, and the generator that prints them."""
