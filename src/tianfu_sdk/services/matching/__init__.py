"""Supply and demand: who has something, who seeks it, and what came of it."""
