"""How nouns become rows: keys, kinds, and what a store refuses."""
