"""What a class handed in: found, judged each in a process of its own, and put into a gradebook."""
