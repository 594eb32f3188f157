"""The changes, and the look that waits for what a change has set off."""
