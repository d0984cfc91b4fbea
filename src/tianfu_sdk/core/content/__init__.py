"""What content may become, and how a table's row becomes one."""
