"""What the managers of a swarm know: its nodes, networks, services and tasks, as one value that all of them share.

    state.py       Swarm and its parts, and how they are read and replaced
    identity.py    ids and join tokens, which follow the lab's seed
    addresses.py   pools and addresses of swarm networks, handed out for all hosts together
    advertise.py   which of its addresses a node shows to the others
    membership.py  init, join, leave; who is a manager
    gossip.py      which nodes hear each other, and what they tell: endpoints, names, forwarding entries

How the managers agree (raft) is not modelled: what one of them knows, all know.
"""
