"""Text in, values out: the cell language and the grammar of each tool. Nothing here knows a world."""
