"""Frozen values of the lab, standard library only. Read them so: line, network, netfilter, host, packet, trace."""

from dnetlab.model.answer import Answer
from dnetlab.model.check import CheckResult, Evidence, Finding, Said, TaskResult, Verdict
from dnetlab.model.host import (
    Container,
    ContainerState,
    Endpoint,
    Host,
    Image,
    Network,
    PortBinding,
    Process,
    Record,
    Subnet,
    Volume,
)
from dnetlab.model.journal import Entry, Journal, JournalFile, Loss, LossKind, Resumed
from dnetlab.model.labfile import default_topology, parse_topology, read_topology
from dnetlab.model.lesson import Check, Lesson, Task
from dnetlab.model.line import LeftOut, Line, Output, Prompt, Refusal
from dnetlab.model.netfilter import Chain, Hook, Match, Netfilter, Rule, Table, Target, parse_rule
from dnetlab.model.network import (
    Address,
    FdbEntry,
    Interface,
    LinkKind,
    Namespace,
    Neighbour,
    PeerEnd,
    Socket,
    SocketState,
    Traffic,
    VirtualServer,
    Vxlan,
)
from dnetlab.model.nftables import Nftables, NftChain, NftSet, NftTable
from dnetlab.model.nftrule import NftRule
from dnetlab.model.packet import Connection, ConnState, Flow, IcmpType, Packet, Protocol
from dnetlab.model.request import Request
from dnetlab.model.route import Asked, PolicyRule, Route
from dnetlab.model.snapshot import Snapshot
from dnetlab.model.topology import HostPlan, Nic, Port, PortMode, StaticRoute, Switch, Topology
from dnetlab.model.trace import (
    Crossing,
    Disposition,
    Exchange,
    Hop,
    Listener,
    Part,
    Segment,
    Step,
    StepKind,
    Trace,
)
from dnetlab.model.where import Where

__all__ = [
    "Answer", "Asked", "PolicyRule", "Record", "Request", "VirtualServer",
    "Address", "Chain", "Check", "CheckResult", "Connection", "ConnState", "Container", "ContainerState",
    "Crossing", "Disposition", "Endpoint", "Entry", "Evidence", "Exchange", "FdbEntry", "Finding", "Flow", "Hook",
    "Hop", "Host", "IcmpType", "Image", "Interface", "Journal", "LeftOut", "Lesson", "Line", "LinkKind", "Listener",
    "Match", "Namespace", "Neighbour", "Netfilter", "Network", "Output", "Packet", "Part", "PeerEnd", "PortBinding",
    "Process", "Prompt", "Protocol", "Refusal", "Route", "Rule", "Said", "Segment", "Snapshot", "Socket", "SocketState",
    "Step", "StepKind", "Subnet", "Table", "Target", "Task", "TaskResult", "Trace", "Traffic", "Verdict", "Volume",
    "NftChain", "NftRule", "NftSet", "NftTable", "Nftables",
    "Vxlan", "Where", "HostPlan", "JournalFile", "Loss", "LossKind", "Nic", "Port", "PortMode",
    "Resumed", "StaticRoute", "Switch", "Topology", "default_topology", "parse_rule", "parse_topology", "read_topology",
]  # fmt: skip
