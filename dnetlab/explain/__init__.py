"""What the physics found, for a person: why, who reaches whom, names of places, and the sentences."""
