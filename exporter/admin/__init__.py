"""The admin port: what would be cancelled, the cancel itself, and how far it is."""
