"""Stopping exactly one search: the only writes that this program makes."""
