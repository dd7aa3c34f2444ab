"""Lessons as assignments of other graders: nbgrader, Otter, Gradescope. All of them ask `points` what work is worth."""
