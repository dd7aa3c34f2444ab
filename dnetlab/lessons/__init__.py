"""The course: a folder of text for each lesson, and what reads it. Nothing here runs a command.

read     lesson.toml -> Lesson, filled in with a student's numbers
numbers  which numbers those are
page     page.md -> cells, in either language; build makes notebooks of them
schema   what lesson.toml may hold, as JSON Schema
"""
