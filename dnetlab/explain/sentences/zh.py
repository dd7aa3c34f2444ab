"""中文。WORDS 说明发生了什么，REMEDIES 说明怎样才能避免让数据包止步的那件事。命令、链名和文件名保留原文。"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from dnetlab.explain import reasons as r
from dnetlab.explain import rulewords
from dnetlab.explain import setting_reasons as s
from dnetlab.explain.ending import Ending
from dnetlab.explain.sentences import en
from dnetlab.model import ContainerState, Disposition, IcmpType, LinkKind, Part, PolicyRule, StepKind
from dnetlab.model import facts as f
from dnetlab.model.route import Route, table_name

Table = dict[type, Callable[[Any], str]]

_DISPOSITIONS = {
    Disposition.DELIVERED: "数据包到达了接收它的套接字（或者协议栈本身）。",
    Disposition.DROPPED: "防火墙规则或默认策略丢弃了数据包；发送方得不到任何消息，只能空等。",
    Disposition.REJECTED: "防火墙规则拒绝了数据包，并通知了发送方。",
    Disposition.NO_ROUTE: "路由表里没有通往目的地的路由：Network is unreachable。",
    Disposition.NO_NEIGHBOUR: "没有人应答对下一跳的 ARP 询问：那台机器不在这个网段上，或者没有开机。",
    Disposition.NO_LISTENER: "数据包到了，但没有程序监听这个端口：连接被拒绝。",
    Disposition.TTL_EXPIRED: "TTL 在路上减到了零，发现这一点的路由器发出了通知。",
    Disposition.FORWARDING_OFF: "数据包是给别人的，而这台机器不转发这一族（IPv4 或 IPv6）的数据包。",
    Disposition.LINK_DOWN: "路上的网卡没有启用，帧发不出去。",
    Disposition.LOOP: "数据包原封不动地回到了它经过的地方。",
    Disposition.TOO_BIG: "数据包比下一块网卡的 MTU 长，又不允许分片；发送方会得到通知。",
}
_STEPS = {
    StepKind.RECEIVED: "收到",
    StepKind.MATCHED: "iptables",
    StepKind.REWRITTEN: "改写",
    StepKind.ROUTED: "路由",
    StepKind.RESOLVED: "arp",
    StepKind.TUNNELLED: "隧道",
    StepKind.BRIDGED: "交换",
    StepKind.SENT: "发出",
    StepKind.PROXIED: "代理",
    StepKind.ACCEPTED: "接收",
    StepKind.REFUSED: "终止",
}
_ENDINGS = {
    Ending.ANSWERED: "发问的一方得到了应答。",
    Ending.CUT_OFF: "代理程序接受了连接，但访问不到它要连接的对方：发问的一方被断开。",
    Ending.SILENCE: "什么也没有回来：发问的一方只能空等。",
    Ending.MESSAGE: "没有应答，但收到一条消息：",
    Ending.STUCK: "连接建立了，但后面的一个数据包丢了：发问的一方只能空等。",
    Ending.LOST: "应答发出来了，但没有到达发问的一方。",
}
_PARTS = {
    Part.HANDSHAKE: "握手的第三个数据包",
    Part.REQUEST: "请求",
    Part.ANSWER: "应答",
    Part.RECEIPT: "确认",
    Part.CLOSE: "结束连接的数据包",
}

# -- 数据包的经历 ----------------------------------------------------------------------------------------------------


def _port(ip: IPv4Address | IPv6Address, port: int) -> str:
    return f"[{ip}]:{port}" if ip.version == 6 else f"{ip}:{port}"


def _icmp(icmp: IcmpType | None) -> str:
    return icmp.name.lower().replace("_", " ") if icmp else "error"


def _whose_mtu(x: f.TooBig | f.CutUp) -> str:
    return f"经 {x.dev} 的这条路由" if x.by_route else f"{x.dev} "


def _program(name: str, pid: int | None) -> str:
    return f"{name or '某个程序'}{f'（pid {pid}）' if pid else ''}"


def _resolved(x: f.Resolved) -> str:
    return f"谁有 {x.hop}？{x.mac} 应答" if x.asked else f"已经知道 {x.hop} 在 {x.mac}"


def _passed_on(x: f.PassedOn) -> str:
    source = f"从 {x.entry} " if x.entry else ""
    how = f"它早已学到 {x.mac} 在那里" if x.learned else f"先泛洪，现在学到了 {x.mac} 在那里"
    return f"{x.bridge} 把它{source}送到 {x.exit}，{how}"


def _rewritten(x: f.Rewritten) -> str:
    conntrack = {f.Author.UNDOES: "连接跟踪把它还原", f.Author.AS_BEFORE: "连接跟踪照旧处理"}
    by = conntrack[x.by] if isinstance(x.by, f.Author) else x.by
    return f"{by}：{x.before} 变成 {x.after}"


def _not_listening(x: f.NotListening) -> str:
    others = sorted(_port(*other) for other in x.others)
    here = f"这里监听的是 {'、'.join(others)}。" if others else ""
    return f"数据包到了，但没有程序监听 {x.destination} 的 {x.protocol.value} 端口 {x.port}。{here}"


_PORT_SETTINGS = {
    "isolated": "on，隔离的端口之间互相听不到", "locked": "on，而网桥不知道发送者在这个端口后面",
}  # fmt: skip


def _by_rule(rule: PolicyRule | None) -> str:
    return f"（表 {table_name(rule.table)}，由规则 `{rule}` 选中）" if rule else ""


def _row(route: Route) -> str:
    """A row of the routing table; of several next hops with the one that was chosen."""
    return f"{route}（{len(route.hops)} 个下一跳中的一个）" if route.hops else str(route)


def _no_route(x: f.NoRoute) -> str:
    text = f"它的路由是 {_row(x.route)}{_by_rule(x.rule)}" if x.route else "没有通往那里的路由"
    if x.rule and not x.route:
        return f"{x.destination}：规则 `{x.rule}` 拒绝了它（`ip rule`）。"
    return f"{x.destination}：{text}{'' if x.default else '，也没有默认路由'}。"


def _no_such_tunnel(x: f.NoSuchTunnel) -> str:
    others = f"；这里有的是 {'、'.join(map(str, x.others))}" if x.others else ""
    return f"这里的 UDP 端口 {x.port} 上没有启用 VXLAN {x.vni}{others}：没有人把帧取出来。"


def _rule_stops(x: f.RuleStops) -> str:
    verb = "丢弃" if x.verdict == "DROP" else "拒绝"
    return f"{x.table} 表 {x.chain} 链的第 {x.number} 条规则{verb}了它：{x.rule}"


_FACTS: Table = {
    f.OwnAddress: lambda x: f"{x.destination} 是这台机器自己的地址：走 lo",
    f.BroadcastAddress: lambda x: f"{x.destination} 是 {x.dev} 上一个网络的广播地址",
    f.RouteMatches: lambda x: f"{x.destination} 匹配路由 {_row(x.route)}{_by_rule(x.rule)}",
    f.BroughtBack: lambda x: "lo 把它直接送了回来",
    f.Resolved: _resolved,
    f.StillBelieved: lambda x: f"{x.hop} 原来在 {x.mac}，ARP 缓存里仍然这样记着",
    f.NobodyAnswers: lambda x: f"谁有 {x.hop}？{x.dev} 所在的网段上没有人应答。",
    f.Leaves: lambda x: f"从 {x.dev} 发出，送往 {x.mac}",
    f.ComesIn: lambda x: f"从 {x.dev} 进来",
    f.CrossesSwitch: lambda x: f"经过交换机 {x.switch!r}{'' if x.tag is None else f'，带着 VLAN {x.tag} 的标签'}",
    f.Wrapped: lambda x: f"{x.dev} 把帧封装进自己的数据包，VXLAN {x.vni}：{x.outer}",
    f.Unwrapped: lambda x: f"{x.dev} 把帧取出来，VXLAN {x.vni}，来自 {x.sender}",
    f.PassedOn: _passed_on,
    f.AtTwoPorts: lambda x: (
        f"网桥 {x.bridge} 最近一次在端口 {x.port} 听到 {x.mac}，所以帧送到那里，而不是 {x.wanted}："
        "两台机器用了同一个 MAC。"
    ),
    f.NoHairpin: lambda x: f"它要从进来的端口 {x.port} 离开网桥 {x.bridge}，而这个端口没有打开回环转发（hairpin）。",
    f.TooBig: lambda x: f"{x.size} 字节超过了 {_whose_mtu(x)}的 MTU（{x.mtu}），而这个数据包不允许分片。",
    f.DoesNotFit: lambda x: f"{x.dev} 丢掉了比自己的 MTU 还长的帧：{x.size} 字节，最多 {x.mtu}。",
    f.CutUp: lambda x: f"分成 {x.pieces} 片：{_whose_mtu(x)}的 MTU 是 {x.mtu}",
    f.HandedUp: lambda x: f"{x.bridge} 自己收下：目的 MAC 就是它的",
    f.ProxyDials: lambda x: f"{_program(x.program, x.pid)} 收下它，再向 {x.address}:{x.port} 建立第二个连接",
    f.Decides: lambda x: f"裁决：{x.verdict}",
    f.Returns: lambda x: f"从 {x.chain} 链返回",
    f.Counts: lambda x: f"计数{'：' + x.target if x.target else ''}，继续往下",
    f.Jumps: lambda x: f"转到 {x.chain} 链继续",
    f.NotJudged: lambda x: f"实验环境不会判断 {x.condition}，这条规则按没有命中处理",
    f.UnknownTarget: lambda x: f"实验环境不执行目标 {x.name}，这条规则只计数",
    f.Untracked: lambda x: "连接跟踪从这里起不再管这个数据包：状态是 UNTRACKED，不做地址转换",
    f.PolicyDecides: lambda x: f"{x.chain} 链没有规则作出裁决，由默认策略决定：{x.policy}",
    f.Rewritten: _rewritten,
    f.ErrorUndone: lambda x: f"连接跟踪把错误消息里的地址也还原：它说的是 {x.inner}",
    f.Told: lambda x: f"{x.by} 通知发问的一方：{_icmp(x.icmp)}。",
    f.AnswerArrived: lambda x: "应答到达了发问的一方。",
    f.Noted: lambda x: "协议栈记下了这条消息。",
    f.EchoAnswered: lambda x: f"{x.destination} 是本机的地址；内核应答了 ping。",
    f.SocketTakes: lambda x: (
        f"{_program(x.program, x.pid)} 在 {_port(x.address, x.port)} 上的套接字收下了"
        f"发往 {_port(x.destination, x.dport)} 的数据包。"
    ),
    f.NobodyWaits: lambda x: f"这里没有人在等 {x.packet}：应答走的路和提问走的不一样。",
    f.EchoIgnored: lambda x: f"{x.switch} 是 1：这里不理会 ping。",
    f.NotListening: _not_listening,
    f.LinkDown: lambda x: f"{x.dev} 没有启用（down）。",
    f.NoCarrier: lambda x: f"{x.dev} 已启用，但另一端没有回应（NO-CARRIER）。",
    f.BeenHere: lambda x: f"它经由 {x.dev} 来过这里，什么也没有变。",
    f.NeverEnds: lambda x: "这个数据包没完没了，到不了终点。",
    f.BridgeLoop: lambda x: f"帧从另一个端口又回到了网桥 {x.bridge}。",
    f.ForEverybody: lambda x: f"{x.destination} 是发给所有人的，实验里的机器不理会它。",
    f.MartianLoopback: lambda x: (
        f"{'127.0.0.0/8 的地址' if x.version == 4 else '地址 ::1 '}不可能从 {x.dev} 进来（martian）。"
    ),
    f.MartianSource: lambda x: f"它自称来自 {x.source}，而那是本机自己的地址（martian）。",
    f.NotForwarding: lambda x: f"{x.destination} 不是本机的地址，而 {x.switch} 是 {x.value}。",
    f.StaysOnLink: lambda x: (
        f"{x.address} 是环回地址：它的数据包不会从 {x.dev} 出去。" if x.address.is_loopback
        else f"{x.address} 是链路本地地址：它的数据包只留在 {x.dev} 所在的链路上。"
    ),
    f.TtlUsedUp: lambda x: f"TTL 在这里用完了（{x.ttl}），不能再往前走。",
    f.NoRoute: _no_route,
    f.Vanished: lambda x: f"帧发往 {x.mac}，{x.hop} 刚才还在那里；现在没有人收了。",
    f.NobodyHas: lambda x: f"{x.dev} 那边没有人有 {x.hop}。",
    f.TunnelSwallows: lambda x: (
        f"对 {x.hop} 的询问进了隧道 {x.dev}（VXLAN {x.vni}），送往 {x.remote}，没有应答："
        f"在 {x.host} 上，{_fact(x.because)}"
    ),
    f.NoSuchTunnel: _no_such_tunnel,
    f.NothingToWrite: lambda x: f"{x.dev} 没有地址，{x.target} 写不了。",
    f.PolicyDrops: lambda x: f"没有规则放行它，而 {x.table} 表 {x.chain} 链的默认策略是 DROP。",
    f.RuleStops: _rule_stops,
}


# -- 怎样才能通过 ----------------------------------------------------------------------------------------------------


def _plug_in(x: f.NoCarrier) -> str:
    if x.kind is LinkKind.BRIDGE:
        return f"网桥只要有一个端口启用，就有载波：在 {x.dev} 上启动一个容器。"
    return "启用另一端（ip link set … up），或者把网线插好。"


def _without(x: f.RuleStops) -> str:
    """按写下规则的是谁来说。"""
    if x.keeper is f.Keeper.NETWORKS_APART:
        return (
            "Docker 让它的网络互相隔离（或者这个端口没有映射）。用 `docker network connect` 把两个容器接到同一个网络，"
            "或者用 -p 映射端口。"
        )
    if x.keeper is f.Keeper.CONTAINERS_APART:
        return f"{x.bridge} 的网络是用 enable_icc=false 建立的：它的容器之间不能通信。"
    if x.keeper is f.Keeper.INTERNAL:
        return f"{x.bridge} 的网络是内部网络：把容器再接到另一个网络。"
    if x.keeper is f.Keeper.DIRECT_ACCESS:
        return (
            f"Docker 只允许从容器自己的网桥 {x.bridge} 访问它：用 `docker network connect` 把两个容器接到同一个网络，"
            "或者访问用 -p 映射的端口。"
        )
    return f"没有这条规则就能通过：{rulewords.deleting(x)}"


def _against(fact: f.Fact | None) -> str:
    helps = REMEDIES.get(type(fact))
    return helps(fact) if helps else ""


REMEDIES: Table = {
    f.NobodyWaits: lambda x: "应答必须经过转换了提问的那台机器，连接跟踪才能还原它。",
    f.EchoIgnored: lambda x: f"sysctl -w {x.switch}=0",
    f.NotListening: lambda x: f"在端口 {x.port} 上启动服务，或者访问已经打开的端口（netstat -tln）。",
    f.LinkDown: lambda x: f"ip link set {x.dev} up",
    f.NoCarrier: _plug_in,
    f.BridgeLoop: lambda x: "去掉两条连接中的一条：这些网桥没有运行生成树协议。",
    f.AtTwoPorts: lambda x: "给其中一台换一个 MAC。",
    f.NoHairpin: lambda x: f"让端口可以把帧送回它来的方向：brctl hairpin {x.bridge} {x.port} on",
    f.TooBig: lambda x: f"每次最多发 {x.mtu} 字节，或者允许分片。",
    f.DoesNotFit: lambda x: f"同一网段上所有网卡的 MTU 要一致：ip link set {x.dev} mtu {x.size}",
    f.ForEverybody: lambda x: "请访问一个具体的地址。",
    f.MartianLoopback: lambda x: (
        f"sysctl -w net.ipv4.conf.{x.dev}.route_localnet=1，或者访问这台机器的其他地址。"
        if x.version == 4 else "请访问这台机器的其他地址。"
    ),
    f.MartianSource: lambda x: "路由器必须把源地址写成自己的（MASQUERADE，回环转发 hairpin）。",
    f.NotForwarding: lambda x: f"sysctl -w {x.switch}=1",
    f.StaysOnLink: lambda x: "两边都用可以路由的地址，例如 fd00::/8 中的地址。",
    f.TtlUsedUp: lambda x: "把 TTL 设大一些（通常是 64）。",
    f.NoRoute: lambda x: (
        f"ip rule del pref {x.rule.priority}，或者在它前面加一条规则：ip rule add pref {x.rule.priority - 1} to "
        f"{x.destination} lookup main。"
        if x.rule and not x.route
        else f"ip route add {x.destination} via 路由器，或者加默认路由：ip route add default via 路由器。"
    ),
    f.Vanished: lambda x: f"有 {x.hop} 的那台机器在运行吗？（`ip neigh flush dev {x.dev}` 让 {x.dev} 重新询问。）",
    f.NobodyHas: lambda x: f"有 {x.hop} 的那台机器在运行吗？网卡启用了吗？在这个网络上吗？",
    f.TunnelSwallows: lambda x: _against(x.because),
    f.NoSuchTunnel: lambda x: (
        f"ip link add … type vxlan id {x.vni} remote … dstport {x.port} dev …，再 `ip link set … up`："
        "两端的编号和端口必须相同。"
    ),
    f.NothingToWrite: lambda x: f"给 {x.dev} 一个地址：ip addr add …",
    f.PolicyDrops: lambda x: (
        "加一条放行的规则：{}（或者改默认策略：{}）。".format(*rulewords.accepting(x))
    ),
    f.RuleStops: _without,
}


# -- 为什么 ----------------------------------------------------------------------------------------------------------

_STATES = {
    ContainerState.CREATED: "已创建但没有启动",
    ContainerState.RUNNING: "正在运行",
    ContainerState.PAUSED: "已暂停",
    ContainerState.RESTARTING: "正在重启",
    ContainerState.EXITED: "已停止",
    ContainerState.DEAD: "已失效",
}


def _stopped(x: r.Stopped) -> str:
    code = f"（退出状态 {x.exit_code}）" if x.state is ContainerState.EXITED else ""
    return f"{x.name} {_STATES[x.state]}{code}：没有运行的容器既没有地址，也没有名字。"


def _behind_proxy(x: r.BehindProxy) -> str:
    behind = _said(x.behind)
    whom = "容器" if x.proxy == "docker-proxy" else "它要连接的对方"
    return f"{x.who} 能到 {x.proxy}，但 {x.proxy} 访问不到{whom}：{behind}"


def _opens_and_sticks(x: r.OpensAndSticks) -> str:
    behind = _said(x.behind)
    return f"{x.who} 能和 {x.whom} 建立连接，但{_PARTS[x.part]}始终到不了：{behind}"


def _member(x: r.Member) -> str:
    if x.access:
        return f"{x.host} 的 {x.link} 插在 VLAN {x.vlan} 的接入口上"
    tag = "发出的帧不带标签" if x.vlan is None else f"在 VLAN {x.vlan} 里"
    return f"{x.host} 的 {x.link} {tag}"


def _same_vlan(x: r.SameVlan) -> str:
    return (
        "让双方在同一个 VLAN 里，或者用一台在两个 VLAN 里各有一块网卡的路由器"
        "（ip link add … type vlan id N，ip_forward 为 1）"
    )


def _rule_on(x: r.RuleOn) -> str:
    verb = "拒绝" if x.rejects else "丢弃"
    return f"{x.where} 上的防火墙规则{verb}了数据包（{x.table} 表，{x.chain} 链）。"


def _fact(fact: f.Fact | None) -> str:
    return _said(fact) if fact is not None else ""


def _said(value: Any) -> str:
    """别的句子里的一句；还没有中文的，用英文说。"""
    return (WORDS.get(type(value)) or en.WORDS[type(value)])(value)


def _and(names: tuple[str, ...]) -> str:
    return " 和 ".join(names)


_CAUSES: Table = {
    r.Stopped: _stopped,
    r.HostsKnowNoNames: lambda x: f"{x.host} 自己不认识容器的名字：Docker 的内置 DNS 只在容器里应答。",
    r.NobodyCalled: lambda x: f"{x.host} 上没有名为 {x.name} 的容器。",
    r.OnAnotherHost: lambda x: f"{x.name} 是 {x.other} 上的容器：每台 Docker 主机只认识自己容器的名字。",
    r.NotHeardOf: lambda x: (
        f"{x.name} 在 {x.other} 上，也在网络 {x.network} 里，可是 {x.host} 没有听说过它："
        "swarm 的主机通过 7946 端口互相通报各自的容器，而它们在那里听不到对方。"
    ),
    r.NoAddressThere: lambda x: f"双方都在 {x.network} 上，可是 {x.name} 现在在那里没有地址。",
    r.DefaultBridgeOnly: lambda x: f"{x.who} 和 {x.name} 只在默认网桥上相遇，而 Docker 在那里没有 DNS：不能用名字。",
    r.NoSharedNetwork: lambda x: f"{x.who} 和 {x.name} 没有共同的自定义网络，所以查不到这个名字。",
    r.WorksNow: lambda x: f"{x.who} 能访问 {x.whom}：现在是通的。",
    r.BehindProxy: _behind_proxy,
    r.OpensAndSticks: _opens_and_sticks,
    r.AnswersNothing: lambda x: f"{x.whom} 收下了 {x.who} 的数据包，但没有任何应答。",
    r.NoRouteThere: lambda x: f"{x.where} 没有到 {x.destination} 的路由：Network is unreachable。",
    r.ForwardsForNobody: lambda x: f"{x.where} 不替别人转发数据包：那里的 {x.switch} 是 0。",
    r.LinkDownOn: lambda x: f"{x.where} 上的网卡没有启用：{_fact(x.fact)}",
    r.EndedOn: lambda x: f"在 {x.where} 上：{_fact(x.fact)}",
    r.IgnoredBy: lambda x: f"{x.where} 不理会这个数据包：{_fact(x.fact)}",
    r.NetworksApart: lambda x: (
        f"{x.who} 和 {x.whom} 在不同的 Docker 网络上（{_and(x.networks)}），而 Docker 让网络互相隔离。"
    ),
    r.RuleOn: _rule_on,
    r.PolicyOn: lambda x: f"{x.where} 上没有规则放行这个数据包，而 {x.chain} 链的默认策略是 DROP。",
    r.NothingListens: lambda x: f"能到达 {x.whom}，但 {x.where} 的端口 {x.port} 上没有程序监听。",
    r.AddressUnused: lambda x: f"现在没有人使用地址 {x.destination}：{x.where} 用 ARP 询问，没有应答。",
    r.GatewayMissing: lambda x: f"从 {x.where} 到 {x.whom} 要经过网关 {x.gateway}，但没有谁使用这个地址。",
    r.OnAnotherSegment: lambda x: f"{x.name} 有 {x.destination}，但它不在 {x.where} 询问的那个网段上。",
    s.NameFound: lambda x: f"{x.who} 查 {x.name} 得到 {x.address}：现在名字是通的。",
    s.Paused: lambda x: f"{x.name} 已暂停：内核仍然替它应答 ping 和握手，但它的程序什么也不回答。",
    s.PublishedFor: lambda x: (
        f"{x.host} 的端口 {x.port} 只映射在 {x.only} 上（由 {x.name} 发布），而访问的是 {x.asked}。"
    ),
    s.InternalUnpublished: lambda x: (
        f"{x.host} 上没有映射端口 {x.port}：{_and(x.names)} 只在内部网络 {_and(x.networks)} 上，"
        "不管 -p 怎么写，Docker 都不会从那里发布端口。"
    ),
    s.InternalNoWay: lambda x: (
        f"{x.who} 没有通往 {x.destination} 的路：它只在内部网络 {_and(x.networks)} 上，"
        "Docker 有意不让任何数据包从那里出去。"
    ),
    s.OnlyLoopback: lambda x: f"{x.who} 除了 lo 没有别的网卡：在 none 网络上，它孤身一人。",
    s.LeftBehind: lambda x: (
        f"{x.who} 还留在 {x.owner} 以前的网络命名空间里：{x.owner} 重新启动后，换了一个新的。"
        if x.owner
        else f"{x.who} 所在的网络命名空间属于一个已经删除的容器：它的网卡也随之消失了。"
    ),
    s.OnNoNetwork: lambda x: f"{x.who} 除了 lo 没有别的网卡：它已经从所有网络上断开了。",
    s.OwnerStopped: lambda x: f"{x.who} 用的是 {x.owner} 的网络命名空间，而 {x.owner} 已停止：它的网卡也随之消失了。",
    s.BridgeIsDown: lambda x: f"{x.host} 上的 {x.bridge} 没有启用，什么也过不去：它是网络 {x.network} 的网桥。",
    s.NeighbourLies: lambda x: (
        f"{x.where} 的 ARP 缓存里有一个永久条目，把发往 {x.address} 的都送到 {x.mac}"
        + (f"；真正有这个地址的是 {x.real}。" if x.real else "，而没有人有这个地址。")
    ),
    s.IccOff: lambda x: (
        f"{x.who} 和 {x.whom} 都在 {x.network} 上，而它设置了 com.docker.network.bridge.enable_icc=false："
        "上面的容器之间不许互相访问。"
    ),
    r.DifferentVlans: lambda x: f"{x.who} 和 {x.whom} 在同一根线上，却在不同的 VLAN 里，帧不会从一个 VLAN 进入另一个。",
    r.MacvlanModes: lambda x: (
        f"{x.who} 和 {x.whom} 都是 {x.parent} 上的 macvlan，却互相听不到：它们的模式是 {x.mine} 和 {x.theirs}。"
    ),
    r.ForgedMacs: lambda x: (
        f"{x.switch} 只接受 {x.host} 的 {x.nic} 发出的、带它自己 MAC 的帧，"
        f"而 {x.speaker} 的 MAC 是 {x.mac}：帧被丢弃了。"
    ),
    r.PortKeepsBack: lambda x: (
        f"{x.host} 的网桥 {x.bridge} 的端口 {x.port} 拦住了它：{x.setting} 是 "
        f"{_PORT_SETTINGS.get(x.setting, x.state or 'off')}（`bridge -d link`）。"
    ),
    r.TunnelBroken: lambda x: (
        f"帧从 {x.where} 进了隧道 {x.dev}（VXLAN {x.vni}），送往 {x.remote}，但外层的数据包没有到达。{_said(x.behind)}"
    ),
    r.AnswerLost: lambda x: f"{x.whom} 收到了 {x.who} 的提问，但应答找不到回来的路。",
}


def _rule_text(x: r.RuleText) -> str:
    return rulewords.shown(x.table, x.chain, x.rule, x.version, x.number)


def _not_published(x: r.NotPublished) -> str:
    stopped = f"；已停止的有：{'、'.join(x.stopped)}" if x.stopped else ""
    return f"没有正在运行的容器映射了端口 {x.port}{stopped}"


_EVIDENCE: Table = {
    r.OtherNameServer: lambda x: f"{x.host} 的 /etc/resolv.conf 写的是另一台服务器",
    r.KnownNames: lambda x: f"容器：{'、'.join(x.names) or '一个也没有'}",
    r.AtAddress: lambda x: f"{x.name} 在 bridge 上{f'的地址是 {x.address}' if x.address else '没有地址'}",
    r.OnNetworks: lambda x: f"{x.who} 连接的网络：{'、'.join(x.networks) or '没有'}",
    r.SeenAs: lambda x: f"对方看到的源地址是 {x.source}",
    r.Sysctl: lambda x: f"sysctl {x.name}",
    r.RuleText: _rule_text,
    r.PublishedUnserved: lambda x: (
        f"docker ps 仍然显示 {x.name} 映射了 {x.port}，但 DNAT 和 docker-proxy 都不在为它服务"
    ),
    r.NotPublished: _not_published,
    r.StoppedOnes: lambda x: f"已停止的容器没有地址：{'、'.join(x.names)}",
    r.MacvlanParent: lambda x: "宿主机和它自己的 macvlan 容器互相听不到：不经过父接口的协议栈",
    r.Member: _member,
    r.QuestionArrived: lambda x: f"提问到达了，来自 {x.source}",
    r.AnswerEnded: lambda x: f"应答止步于 {x.where}：{_fact(x.fact)}",
    r.AnswerRule: lambda x: rulewords.met(x.table, x.chain, x.rule, x.version),
    r.Happened: lambda x: _fact(x.fact),
    r.ListedOnly: lambda x: f"{rulewords.shown(x.table, x.chain, x.rule, x.version)}：{_fact(x.fact)}",
}


_TRY: Table = {
    r.Start: lambda x: f"docker start {x.name}",
    r.UseItsAddress: lambda x: f"用它的地址：docker inspect {x.name}",
    r.UseHostOf: lambda x: f"用它的地址，或者用它在 {x.host} 上映射的端口",
    r.LetGossipThrough: lambda x: f"让它们之间的 TCP 和 UDP 7946 通过：在 {x.host} 和 {x.other} 上看 iptables -S",
    r.InspectNetwork: lambda x: "docker network inspect",
    r.OwnNetwork: lambda x: "docker network create mynet，两个容器都用 --network mynet 运行（或者用 --link）",
    r.Connect: lambda x: f"docker network connect {x.network} {x.who}",
    r.BothOnOne: lambda x: "把双方接到同一个自定义网络上",
    r.SwitchForwardingOn: lambda x: f"sysctl -w {x.switch}=1，或者重启 docker",
    r.ServeAgain: lambda x: "重启容器会有新的 docker-proxy，重启守护进程（systemctl restart docker）会重新写规则",
    r.Publish: lambda x: f"docker run -p {x.port}:容器端口 …",
    r.BuildRouter: lambda x: f"一台同时接在两个网络里的主机，在这边的地址是 {x.gateway}，net.ipv4.ip_forward=1",
    r.LookForIt: lambda x: "docker ps -a：容器在运行吗？这是它的地址吗？",
    r.MasqueradeMissing: lambda x: (
        "提问离开时，源地址本该换成宿主机自己的：nat 表的 POSTROUTING 链里有 MASQUERADE 规则吗？"
        "`systemctl restart docker` 会重新写上它"
    ),
    r.Shim: lambda x: (
        f"ip link add mac0 link {x.parent} type macvlan mode bridge; ip link set mac0 up; "
        f"ip route add {x.address}/32 dev mac0"
    ),
    r.SameVlan: _same_vlan,
    r.SetPort: lambda x: f"bridge link set dev {x.port} {x.setting} {x.value}",
    r.BridgeMode: lambda x: (
        "用 -o macvlan_mode=bridge 的网络"
        + ("，或者用会把帧从来的端口送回去的交换机（回环转发，hairpin）" if x.mode == "vepa" else "")
    ),
    r.AllowForged: lambda x: (
        "让交换机接受它们（lab.toml 里的 `forged_macs = true`；别处叫混杂模式和伪传输），"
        "或者用 ipvlan，它的容器使用网卡自己的 MAC"
    ),
    r.AgainstFact: lambda x: _against(x.fact),
    s.AnotherThanNone: lambda x: f"重新运行 {x.who}，不要用 --network none",
    s.Unpause: lambda x: f"docker unpause {x.name}",
    s.PublishForAll: lambda x: f"访问那个地址，或者映射到所有地址：docker run -p {x.port}:{x.container_port} …",
    s.PublishOnOrdinary: lambda x: (
        f"docker network create mynet，再 docker run --network mynet -p {x.port}:容器端口 …（不带 --internal 的网络）"
    ),
    s.ConnectSomewhere: lambda x: f"docker network connect 网络名 {x.who}，选一个不是 internal 的网络",
    s.Rejoin: lambda x: (
        f"docker restart {x.who}" if x.owner else f"重新运行 {x.who}，--network container: 后面写一个正在运行的容器"
    ),
    s.ConnectAnywhere: lambda x: f"docker network connect 网络名 {x.who}",
    s.StartBoth: lambda x: f"先 docker start {x.owner}，再 docker restart {x.who}",
    s.LinkUp: lambda x: f"ip link set {x.dev} up",
    s.ForgetNeighbour: lambda x: f"ip neigh del {x.address} dev {x.dev}",
    s.WithoutIcc: lambda x: (
        f"重新创建 {x.network}，不带 -o com.docker.network.bridge.enable_icc=false，或者把双方接到另一个网络"
    ),
}

WORDS: Table = {
    Disposition: lambda x: _DISPOSITIONS.get(x, ""),
    Ending: lambda x: _ENDINGS.get(x, ""),
    StepKind: lambda x: _STEPS.get(x, ""),
    Part: lambda x: _PARTS.get(x, ""),
    **_FACTS,
    **_CAUSES,
    **_EVIDENCE,
    **_TRY,
}
