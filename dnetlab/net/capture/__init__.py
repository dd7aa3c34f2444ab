"""A capture as bytes: frames as they are on the wire, files of them (pcap), filters over them, and tcpdump's words."""
