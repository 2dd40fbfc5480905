"""Custom resources and metrics.k8s.io: which are known, what is read of one, and what is counted of many."""
