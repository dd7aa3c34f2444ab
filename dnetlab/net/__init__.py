"""Pure physics over a Snapshot: how a packet travels, whatever engine the snapshot came from."""
