"""The words of graded work: findings, and what a report says around them."""
