"""Built-in appliances behind the ports; they come in through the same hooks as guests."""
