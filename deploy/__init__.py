"""What it takes to run the exporter; the python here only writes files of it."""
