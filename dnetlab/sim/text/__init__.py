"""What the tools print: from values of the world to the exact text of each tool."""
