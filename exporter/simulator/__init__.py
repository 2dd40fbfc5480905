"""A simulated AKS: a Kubernetes API over HTTP and the controllers behind it. The daemon never imports this package."""
