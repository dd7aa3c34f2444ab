"""`sh -c 'while true; do …; sleep 1; done'` as a container's program: it stays, and does its rounds as time passes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dnetlab.commands.shell import Script, Simple, While
from dnetlab.sim.context import Context, Result
from dnetlab.sim.shell import new_shell, run_round
from dnetlab.sim.userland.sh.state import Shell

MOST_ROUNDS = 100  # that are caught up with at once
LEAST = 1.0  # seconds that a round takes which does not sleep


@dataclass(frozen=True)
class Loop:
    """A loop that goes on. shell: as the last round left it; at: the clock at which the next round begins."""

    script: Script
    shell: Shell
    at: float


def endless(script: Script) -> While | None:
    """The loop without end that a script ends with; None when it ends otherwise."""
    if not script.pipelines:
        return None
    last = script.pipelines[-1][1]
    node = last.commands[0].node
    if len(last.commands) != 1 or not isinstance(node, While) or node.condition.only is None:
        return None
    words = [word.text for word in node.condition.only.words]
    always = (["false"],) if node.until else (["true"], [":"], ["[", "1", "]"])
    return node if words in always and isinstance(node.condition.only, Simple) else None


def begin(context: Context, name: str, script: Script) -> tuple[Result, Loop | None]:
    """What stands in front of the loop, and its first round. The Loop is None when that ended it."""
    head = replace(script, pipelines=script.pipelines[:-1])
    said = run_round(context, head, new_shell(context, name))
    node = endless(script)
    if said.asked or node is None:
        return said.result, None
    result, loop = round_of(context, Loop(node.body, said.shell, context.world.clock))
    return Result(said.result.stdout + result.stdout, said.result.stderr + result.stderr, result.exit_code), loop


def round_of(context: Context, loop: Loop) -> tuple[Result, Loop | None]:
    """One round, at the clock of its beginning; the clock is where it ends."""
    started = context.world.clock
    said = run_round(context, loop.script, loop.shell)
    if said.asked:
        return said.result, None
    return said.result, Loop(loop.script, said.shell, max(context.world.clock, started + LEAST))
