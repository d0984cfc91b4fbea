"""What is counted, and how figures add up."""
