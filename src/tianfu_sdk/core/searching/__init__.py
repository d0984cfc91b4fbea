"""From a question's tokens to ranked documents, for engines that live in a store."""
