"""Questions: answered from what is published, or handed to somebody who knows."""
