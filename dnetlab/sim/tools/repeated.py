"""watch (procps 4.0.2) shows a command again and again, mtr 0.95 probes a way again and again: here for two rounds."""

from __future__ import annotations

import re

from dnetlab.model import IcmpType
from dnetlab.sim.clock import moment
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.tools import lookup, wire
from dnetlab.sim.tools.options import BadOption, chance, fail, parse

ROUNDS = 2


def run(context: Context, argv: tuple[str, ...]) -> Result:
    return (_mtr if argv[0].endswith("mtr") else _watch)(context, argv)


def _watch(context: Context, argv: tuple[str, ...]) -> Result:
    """`watch [-n SECONDS] [-d] [-t] COMMAND`: two rounds, then Ctrl-C; each under its head."""
    from dnetlab.sim.shell import run_text

    try:
        options, words = parse(argv[1:], "bcdegn:ptqx", ["interval=", "no-title", "differences"], permute=False)
    except BadOption as error:
        return fail(f"watch: {error}", 1)
    given = {{"--interval": "-n", "--no-title": "-t"}.get(name, name): value for name, value in options}
    if not words:
        raise Refused("watch needs a command.", "watch -n 1 docker ps")
    text = given.get("-n", "2").replace(",", ".")
    seconds = max(0.1, float(text)) if re.fullmatch(r"\d{1,4}(\.\d+)?", text) else 2.0
    shown, command = "", " ".join(words)
    for number in range(ROUNDS):
        context.world.clock += seconds if number else 0.0
        said = run_text(context, command)
        now = f"{context.machine.name}: {moment(context.world.clock):%a %b %e %H:%M:%S %Y}"
        head = f"Every {seconds:.1f}s: {command}"
        title = "" if "-t" in given else f"{head}{now:>{max(80 - len(head), len(now) + 2)}}\n\n"
        shown += ("\n" if number else "") + title + said.stdout + said.stderr
    return Result(f"{shown}^C\n")


def _mtr(context: Context, argv: tuple[str, ...]) -> Result:
    """`mtr -r [-c COUNT] [-n] [-w] HOST`: each router on the way, and how many probes it answered."""
    try:
        options, words = parse(argv[1:], "rwnbc:i:m:46", ["report", "report-wide", "no-dns", "report-cycles="])
    except BadOption as error:
        return fail(f"mtr: {error}", 1)
    names = {"--report": "-r", "--report-wide": "-w", "--no-dns": "-n", "--report-cycles": "-c"}
    given = {names.get(name, name): value for name, value in options}
    if not {"-r", "-w"} & set(given):
        raise Refused("mtr draws on a terminal, again and again.", "mtr -r -c 3 -n HOST prints a report.")
    if len(words) != 1:
        raise Refused("mtr needs a host.", "mtr -r -c 3 -n 172.25.254.1")
    found = lookup.find(context, words[0])
    if found is None:
        return fail(f"mtr: Failed to resolve host: {words[0]}: Temporary failure in name resolution", 1)
    count = min(int(given["-c"]), 20) if given.get("-c", "").isdecimal() else 10
    begun = context.world.clock
    rows = []
    for ttl in range(1, 31):
        answers = [wire.echo(context, found.addresses[0], identifier=context.world.count(f"icmp:{context.host}", 1),
                             ttl=ttl, number=n) for n in range(count)]  # fmt: skip
        last = answers[-1]
        heard = [a for a in answers if a.sender is not None]
        name = str(last.sender) if heard else "???"
        if heard and "-n" not in given and last.sender is not None:
            name = lookup.name_of(context, last.sender) or name
        rows.append((name, count, len(heard)))
        if last.fate is wire.Fate.ANSWERED or heard and last.error is not IcmpType.TIME_EXCEEDED:
            break
        if len(rows) > 4 and all(not row[2] for row in rows[-4:]):
            del rows[-4:]
            break
    context.world.clock = begun + count
    return Result(_mtr_report(context, begun, rows, "-w" in given))


def _mtr_report(context: Context, begun: float, rows: list[tuple[str, int, int]], wide: bool) -> str:
    longest = max([len(name) for name, _, _ in rows] + [len(context.machine.name) - 2])
    width = longest + 1 if wide else 28
    text = f"Start: {moment(begun):%Y-%m-%dT%H:%M:%S+0000}\n"
    text += f"HOST: {context.machine.name:<{width}}Loss%   Snt   Last   Avg  Best  Wrst StDev\n"
    for number, (name, sent, heard) in enumerate(rows, 1):
        times = [0.1 + chance(context, "rtt") / 10 for _ in range(heard)] or [0.0]
        loss, average = 100 * (sent - heard) / sent, sum(times) / len(times)
        text += (f"{number:>3}.|-- {name:<{width - 3}}{loss:5.1f}% {sent:>5} {times[-1]:>6.1f} {average:>5.1f} "
                 f"{min(times):>5.1f} {max(times):>5.1f} {max(times) - min(times):>5.1f}\n")  # fmt: skip
    return text
