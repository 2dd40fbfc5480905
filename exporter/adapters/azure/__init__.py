"""The door to Azure: every import of its libraries is here, and happens when it is first needed."""
