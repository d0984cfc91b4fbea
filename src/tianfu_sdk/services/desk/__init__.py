"""What every desk is made of: one change, who acts, pages, and what lists are narrowed by."""
