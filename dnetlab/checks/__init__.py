"""What a lesson asks of the lab: kinds of checks as plain functions over evidence, and what they make of a task."""
