"""How well two things fit, who gets whom, and how the two come together."""
