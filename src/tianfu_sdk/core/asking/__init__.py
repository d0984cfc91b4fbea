"""How a question is asked, when an answer is good enough, and who answers else."""
