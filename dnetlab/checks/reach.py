"""Kinds of checks that send a packet through the snapshot, and say why it fared so; and those of answers."""

from __future__ import annotations

from ipaddress import IPv4Address

from dnetlab.checks.places import (
    FAILED,
    PASSED,
    as_expected,
    but,
    claim,
    first_host,
    found,
    place_called,
    unjudged,
)
from dnetlab.errors import UnknownName, UsageError
from dnetlab.explain.asking import resolve
from dnetlab.explain.names import addresses_for, split_port
from dnetlab.explain.why import Reason, label, last, why
from dnetlab.model import Evidence, Finding, Said
from dnetlab.model.check import Claim, Found
from dnetlab.model.facts import PolicyDrops, RuleStops
from dnetlab.model.ip import IpAddress


def reaches(evidence: Evidence, source: str, target: str, by_name: bool = False) -> Finding:
    """A host or container reaches NAME, NAME:PORT, IP or IP:PORT: there and back. by_name: it finds the name, too."""
    expected = claim(Claim.REACHES, source=source, target=target)
    asked = _ask(evidence, source, target, by_name)
    if isinstance(asked, Said):
        return Finding(FAILED, expected, asked)
    if not asked.works:
        cause = (asked.cause, *asked.seen)
        return Finding(FAILED, expected, found(Found.NOT_REACHED, source=source, target=target), cause)
    other = _somebody_else(evidence, asked, target)
    return but(expected, Found.SOMEBODY_ELSE, other=other, target=target) if other else as_expected(expected)


def cut_off(evidence: Evidence, source: str, target: str, baseline: str) -> Finding:
    """It does not reach the target, and the network isn't simply broken: it does reach the baseline.

    Both must be there: a target that is stopped, or has no address, is no proof of anything.
    """
    expected = claim(Claim.CUT_OFF, source=source, target=target)
    if reaches(evidence, source, baseline).verdict is not PASSED:
        return but(expected, Found.NO_BASELINE, source=source, baseline=baseline)
    asked = _ask(evidence, source, target)
    if isinstance(asked, Said):
        return Finding(FAILED, expected, asked)
    if asked.works and not _somebody_else(evidence, asked, target):
        return but(expected, Found.REACHED, source=source, target=target)
    return as_expected(expected, asked.cause)


def filtered(evidence: Evidence, source: str, target: str, dropped: bool = True, verdict: str = "") -> Finding:
    """What rules do to a packet, whatever their text: one stops it (dropped = false: none does).

    verdict: 'DROP' or 'REJECT' when it matters how.
    """
    expected = claim(Claim.DROPPED if dropped else Claim.NOT_DROPPED, source=source, target=target)
    asked = _ask(evidence, source, target)
    if isinstance(asked, Said):
        return Finding(FAILED, expected, asked)
    stops = _stops(asked)
    if stops is None:
        return but(expected, Found.NO_RULE_STOPS, asked.cause) if dropped else as_expected(expected)
    how = stops.verdict if isinstance(stops, RuleStops) else "DROP"
    right = dropped and verdict in ("", how)
    return Finding(PASSED if right else FAILED, expected, found(Found.RULE_STOPS, chain=stops.chain), (stops,))


def _stops(asked: Reason) -> RuleStops | PolicyDrops | None:
    """The rule or policy that ended the question's or the answer's way."""
    exchange = asked.exchange
    while exchange is not None:
        for trace in (exchange.request, exchange.reply):
            if trace is not None and isinstance(trace.because, (RuleStops, PolicyDrops)):
                return trace.because
        exchange = exchange.proxied
    return None


def _ask(evidence: Evidence, source: str, target: str, by_name: bool = False) -> Reason | Said:
    """What became of the packet, to whichever address of the target it got through; or what is missing to send one."""
    snapshot = evidence.snapshot
    where = place_called(snapshot, source)
    if where is None:
        return found(Found.NO_PLACE, name=source)
    name, port = split_port(target)
    try:
        if by_name:
            return why(snapshot, where, resolve(snapshot, where, name, evidence.lookup), port, name)
        asked = [why(snapshot, where, ip, port, name) for ip in addresses_for(snapshot, where, name)]
        return next((reason for reason in asked if reason.works), asked[0])
    except UnknownName:
        return found(Found.NO_PLACE, name=name)
    except UsageError:
        stands = place_called(snapshot, name) is not None
        return found(Found.NO_ADDRESS if stands else Found.NO_PLACE, name=name)


def _somebody_else(evidence: Evidence, asked: Reason, target: str) -> str:
    """Who answered instead of the place that was meant; '' when it was that one, or only an address was meant."""
    name, _ = split_port(target)
    meant = place_called(evidence.snapshot, name)
    if meant is None or asked.exchange is None:
        return ""
    end = last(asked.exchange).request.hops[-1].where
    behind_host = meant.is_host and end.host == meant.host  # a port that the host has published
    return "" if end == meant or behind_host else label(evidence.snapshot, end)


def resolves(evidence: Evidence, place: str, name: str, to: str = "") -> Finding:
    """A program there gets an address for a name. to: that of this container, or this address."""
    expected = claim(Claim.RESOLVES_TO if to else Claim.RESOLVES, place=place, name=name, to=to)
    where = place_called(evidence.snapshot, place)
    if where is None:
        return but(expected, Found.NO_PLACE, name=place)
    address = evidence.lookup(evidence.snapshot, where, name)
    if address is None:
        return but(expected, Found.BAD_ADDRESS, place=place, name=name)
    if to and address not in _addresses(evidence, to):
        return but(expected, Found.RESOLVED, place=place, name=name, address=str(address))
    return as_expected(expected)


def _addresses(evidence: Evidence, name: str) -> list[IpAddress]:
    """An address itself, or all that a place has."""
    where = place_called(evidence.snapshot, name)
    if where is not None:
        return list(evidence.snapshot.at(where).own_addresses)
    try:
        return [IPv4Address(name)]
    except ValueError:
        return []


def published(
    evidence: Evidence, port: int, container: str, host: str = "", source: str = "client"
) -> Finding:  # fmt: skip
    """From outside, the host's port leads to that container, by DNAT or by docker-proxy."""
    name = first_host(evidence.snapshot, host)
    expected = claim(Claim.PUBLISHED, source=source, name=container, port=port, host=name)
    meant = place_called(evidence.snapshot, container)
    if meant is None:
        return but(expected, Found.NO_PLACE, name=container)
    target = f"{name}:{port}"
    asked = _ask(evidence, source, target)
    if isinstance(asked, Said):
        return Finding(FAILED, expected, asked)
    if not asked.works or asked.exchange is None:
        cause = (asked.cause, *asked.seen)
        return Finding(FAILED, expected, found(Found.NOT_REACHED, source=source, target=target), cause)
    end = last(asked.exchange).request.hops[-1].where
    other = label(evidence.snapshot, end)
    return as_expected(expected) if end == meant else but(expected, Found.SOMEBODY_ELSE, other=other, target=container)


def answer(evidence: Evidence, question: str) -> Finding:
    """A question of the lesson (`%dnet answer`) has been answered, and rightly."""
    expected = claim(Claim.ANSWER, name=question)
    if question not in evidence.answers:
        return but(expected, Found.NOT_ANSWERED)
    return as_expected(expected) if evidence.answers[question] else but(expected, Found.WRONG_ANSWER)


def command(evidence: Evidence, line: str, succeeds: bool = True) -> Finding:
    """A line that is run for the check ends with status 0 (succeeds = false: with another)."""
    expected = claim(Claim.SUCCEEDS if succeeds else Claim.FAILS, line=line)
    output = evidence.outputs.get(line)
    if output is None or output.refused:
        return unjudged(expected, Found.NOT_ASKED)
    right = (output.exit_code == 0) is succeeds
    return as_expected(expected) if right else but(expected, Found.STATUS, status=output.exit_code)


__all__ = ["answer", "command", "cut_off", "filtered", "published", "reaches", "resolves"]
