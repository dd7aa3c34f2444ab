"""Pure functions over the world."""
