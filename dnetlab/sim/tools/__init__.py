"""What answers at a prompt: a file for each tool, with `run(context, argv) -> Result`; by_name.py tells them apart."""
