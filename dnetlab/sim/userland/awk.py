"""awk, as lab sheets use it on the output of commands (mawk 1.3.4 at hosts, busybox 1.35 in containers)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from dnetlab.sim.userland.awk_machine import FromInput, Leave, Machine, Value
from dnetlab.sim.userland.awk_parse import BadProgram, Node, parse, string
from dnetlab.sim.userland.echo import Ended, printf
from dnetlab.sim.userland.options import inputs, lines_of
from dnetlab.sim.userland.regex import BadPattern
from dnetlab.sim.userland.seam import Call, Input, Refused, Result, failure, fits

MOST_INTEGER = 2.0**62
DEEPEST = 60  # calls inside calls


def run(call: Call) -> Result:
    """`awk [-F SEPARATOR] [-v NAME=VALUE] PROGRAM [FILE]…`."""
    words, variables, separator, program = list(call.words), {}, None, None
    while words and words[0].startswith("-") and words[0] != "-":
        word = words.pop(0)
        if word == "--":
            break
        if word[:2] not in ("-F", "-v", "-f") or not (word[2:] or words):
            return failure(
                f"awk: not an option: {word}" if call.gnu else f"awk: invalid option -- '{word[1:2]}'",
                2 if call.gnu else 1,
            )
        value = word[2:] or words.pop(0)
        if word[1] == "F":
            separator = value
        elif word[1] == "f":
            program = call.read(value)
        else:
            name, _, text = value.partition("=")
            variables[name] = FromInput(string(text))
    if program is None:
        if not words:
            return failure("usage: awk [-F fs][-v var=value][prog | -f progfile][file ...]", 2 if call.gnu else 1)
        program = words.pop(0)
    try:
        runner = _Runner(call, parse(program), words)
    except BadProgram as bad:
        return failure(
            f"awk: line 1: {bad}" if call.gnu else f"awk: cmd. line:1: {_first_up(str(bad))}", 2 if call.gnu else 1
        )
    runner.variables.update(variables)
    if separator is not None:
        runner.variables["FS"] = "\t" if separator == "t" else string(separator)
    return runner.all()


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]


class _Runner(Machine):
    def all(self) -> Result:
        code = 0
        try:
            try:
                for block in self.program.begin:
                    self.execute(block)
                if self.program.rules or self.program.end:
                    code = self.lines()
            except Leave as leave:
                if leave.kind != "exit":
                    raise
                code = whole(self.number(leave.value))
            for block in self.program.end:
                self.execute(block)
        except Leave as leave:
            code = whole(self.number(leave.value)) if leave.kind == "exit" and leave.value != "" else code
        except BadPattern as bad:
            return failure(f"awk: regular expression compile failed ({bad})", 2)
        return Result("".join(self.out), self.errors, code % 256)

    def lines(self) -> int:
        code = 0
        for name in self.files or ["-"]:
            assigned = re.fullmatch(r"([A-Za-z_]\w*)=(.*)", name, re.S)
            if assigned:
                self.variables[assigned[1]] = FromInput(string(assigned[2]))
                continue
            found, said = inputs(self.call, [name])
            if said:
                self.errors += (
                    f"awk: cannot open {name} (No such file or directory)\n"
                    if self.call.gnu
                    else f"awk: {name}: No such file or directory\n"
                )
                code = 2
            self.variables["FNR"] = 0.0
            for _, text in found:
                self.variables["FILENAME"] = "" if name == "-" else name
                for line in self.records(text):
                    self.line(line)
        return code

    def records(self, text: str) -> list[str]:
        separator = self.text(self.variables["RS"])
        if separator == "\n":
            return lines_of(text)
        if separator == "":
            return [piece for piece in re.split(r"\n\n+", text.strip("\n")) if piece]
        pieces = text.split(separator[:1])
        return pieces[:-1] if pieces and pieces[-1].strip("\n") == "" else pieces

    def line(self, line: str) -> None:
        self.variables["NR"] = self.number(self.variables["NR"]) + 1
        self.variables["FNR"] = self.number(self.variables["FNR"]) + 1
        self.set_record(line)
        try:
            for number, (first, second, body) in enumerate(self.program.rules):
                if self.selected(number, first, second):
                    if body is None:
                        self.say(self.record + self.text(self.variables["ORS"]))
                    else:
                        self.execute(body)
        except Leave as leave:
            if leave.kind != "next":
                raise

    def selected(self, number: int, first: Node | None, second: Node | None) -> bool:
        if first is None:
            return True
        if second is None:
            return self.truth(self.value(first))
        if number not in self.ranges and not self.truth(self.value(first)):
            return False
        self.ranges.add(number)
        if self.truth(self.value(second)):
            self.ranges.discard(number)
        return True

    def say(self, text: str) -> None:
        self.call.budget.say(0)
        self.out.append(text)
        self.steps += 1 + len(text) // 64
        self.spend()

    # -- expressions ---------------------------------------------------------------------------------------------

    def value(self, node: Node) -> Value:
        self.spend()
        parts = node.parts
        match node.kind:
            case "constant":
                return parts[0]  # type: ignore[no-any-return]
            case "name" | "field" | "element":
                return self.get(node)
            case "group":
                return self.value(parts[0]) if len(parts) == 1 else self.key(parts)
            case "regex":
                return float(self.pattern(parts[0]).search(self.record) is not None)
            case "match":
                return float(
                    (self.pattern(self.pattern_text(parts[1])).search(self.text(self.value(parts[0]))) is not None)
                    != parts[2]
                )
            case "assign":
                return self.assign(parts[0], parts[1], parts[2])
            case "choice":
                return self.value(parts[1] if self.truth(self.value(parts[0])) else parts[2])
            case "or":
                return float(self.truth(self.value(parts[0])) or self.truth(self.value(parts[1])))
            case "and":
                return float(self.truth(self.value(parts[0])) and self.truth(self.value(parts[1])))
            case "in":
                return float(self.key(parts[0]) in self.array(parts[1]))
            case "compare":
                return float(self.compare(parts[0], self.value(parts[1]), self.value(parts[2])))
            case "join":
                return self.joined(parts[0], parts[1])
            case "calculate":
                return self.calculate(parts[0], self.number(self.value(parts[1])), self.number(self.value(parts[2])))
            case "unary":
                return self.unary(parts[0], parts[1])
            case "step":
                return self.step(parts[0], parts[1], parts[2])
            case "call":
                return self.call_function(parts[0], parts[1])
            case "builtin":
                return self.builtins()[parts[0]](parts[1])
        raise AssertionError(node.kind)

    def joined(self, one: Node, two: Node) -> str:
        made = self.text(self.value(one)) + self.text(self.value(two))
        fits(len(made))
        return made

    def pattern_text(self, node: Node) -> str:
        return node.parts[0] if node.kind == "regex" else self.text(self.value(node))

    def assign(self, target: Node, operator: str, node: Node) -> Value:
        value = self.value(node)
        if operator:
            value = self.calculate(operator, self.number(self.get(target)), self.number(value))
        return self.put(target, value)

    def compare(self, operator: str, a: Value, b: Value) -> bool:
        one, two = (
            v
            if isinstance(v, float)
            else self.number(v)
            if isinstance(v, FromInput) and (v.is_number or v == "")
            else None
            for v in (a, b)
        )
        texts = (
            one is None
            or two is None
            or (a == "" and isinstance(b, str) and not (isinstance(b, FromInput) and b.is_number))
            or (b == "" and isinstance(a, str) and not (isinstance(a, FromInput) and a.is_number))
        )
        left: Any = self.text(a) if texts else one
        right: Any = self.text(b) if texts else two
        results: dict[str, Callable[[], bool]] = {
            "<": lambda: left < right,
            "<=": lambda: left <= right,
            "==": lambda: left == right,
            "!=": lambda: left != right,
            ">": lambda: left > right,
            ">=": lambda: left >= right,
        }
        return results[operator]()

    def calculate(self, operator: str, a: float, b: float) -> float:
        try:
            match operator:
                case "+":
                    return a + b
                case "-":
                    return a - b
                case "*":
                    return a * b
                case "/":
                    return a / b
                case "%":
                    return math.fmod(a, b)
            return float(a**b)
        except (ZeroDivisionError, ValueError):
            if operator in "/%" and self.call.gnu:
                return math.nan if operator == "%" or a == 0 else math.copysign(math.inf, a)
            raise Refused("awk: division by zero", "Ask first whether the number is 0.") from None
        except (OverflowError, TypeError):
            return math.inf

    def unary(self, operator: str, node: Node) -> float:
        value = self.value(node)
        if operator == "!":
            return float(not self.truth(value))
        return -self.number(value) if operator == "-" else self.number(value)

    def step(self, operator: str, target: Node, before: bool) -> float:
        old = self.number(self.get(target))
        new = old + (1 if operator == "++" else -1)
        self.put(target, new)
        return new if before else old

    def call_function(self, name: str, arguments: tuple[Node, ...]) -> Value:
        if name not in self.program.functions:
            raise Refused("awk: function {name} never defined", "Write function NAME(PARAMETERS) {{ … }}.", name=name)
        names, body = self.program.functions[name]
        given: dict[str, Value | dict[str, Value]] = dict.fromkeys(names, "")
        for parameter, node in zip(names, arguments, strict=False):
            is_array = node.kind == "name" and (
                node.parts[0] in self.arrays or isinstance(self.locals.get(node.parts[0]), dict)
            )
            given[parameter] = self.array(node.parts[0]) if is_array else self.value(node)
        before, self.locals = self.locals, given
        self.depth += 1
        if self.depth > DEEPEST:
            raise Refused("This awk function calls itself too often.", "Use a loop.")
        try:
            self.execute(body)
        except Leave as leave:
            if leave.kind != "return":
                raise
            return leave.value
        finally:
            self.locals = before
            self.depth -= 1
        return ""

    def builtins(self) -> dict[str, Callable[[tuple[Node, ...]], Value]]:
        return {
            "length": self._length,
            "substr": self._substr,
            "index": self._index,
            "split": self._split,
            "sub": self._sub,
            "gsub": self._gsub,
            "match": self._match,
            "sprintf": lambda a: self.formatted(a),
            "tolower": lambda a: self.text(self.value(a[0])).lower(),
            "toupper": lambda a: self.text(self.value(a[0])).upper(),
            "int": lambda a: _truncated(self.number(self.value(a[0]))),
            "sqrt": lambda a: math.sqrt(max(0.0, self.number(self.value(a[0])))),
            "exp": lambda a: math.exp(min(700.0, self.number(self.value(a[0])))),
            "log": lambda a: math.log(max(1e-300, self.number(self.value(a[0])))),
            "sin": lambda a: math.sin(self.number(self.value(a[0]))),
            "cos": lambda a: math.cos(self.number(self.value(a[0]))),
            "atan2": lambda a: math.atan2(self.number(self.value(a[0])), self.number(self.value(a[1]))),
            "rand": self._rand,
            "srand": self._srand,
        }

    def _rand(self, arguments: tuple[Node, ...]) -> float:
        self.random = (self.random * 1103515245 + 12345) % 2**31
        return self.random / 2**31

    def _srand(self, arguments: tuple[Node, ...]) -> float:
        before, self.random = self.random, whole(self.number(self.value(arguments[0]))) if arguments else 1
        return float(before)

    def _length(self, arguments: tuple[Node, ...]) -> float:
        if arguments and arguments[0].kind == "name" and arguments[0].parts[0] in self.arrays:
            return float(len(self.array(arguments[0].parts[0])))
        return float(len(self.text(self.value(arguments[0])) if arguments else self.record))

    def _substr(self, arguments: tuple[Node, ...]) -> str:
        text, start = self.text(self.value(arguments[0])), whole(self.number(self.value(arguments[1])), round)
        end = start + whole(self.number(self.value(arguments[2])), round) if len(arguments) > 2 else len(text) + 1
        return text[max(start, 1) - 1 : max(end - 1, 0)]

    def _index(self, arguments: tuple[Node, ...]) -> float:
        return float(self.text(self.value(arguments[0])).find(self.text(self.value(arguments[1]))) + 1)

    def _split(self, arguments: tuple[Node, ...]) -> float:
        text = self.text(self.value(arguments[0]))
        separator = self.pattern_text(arguments[2]) if len(arguments) > 2 else self.text(self.variables["FS"])
        pieces = self.split(text, separator)
        array = self.array(arguments[1].parts[0])
        array.clear()
        array.update({str(n): FromInput(piece) for n, piece in enumerate(pieces, 1)})
        return float(len(pieces))

    def _sub(self, arguments: tuple[Node, ...]) -> float:
        return self.substituted(arguments, once=True)

    def _gsub(self, arguments: tuple[Node, ...]) -> float:
        return self.substituted(arguments, once=False)

    def substituted(self, arguments: tuple[Node, ...], once: bool) -> float:
        pattern = self.pattern(self.pattern_text(arguments[0]))
        made = self.text(self.value(arguments[1]))
        target = arguments[2] if len(arguments) > 2 else Node("field", (Node("constant", (0.0,)),))
        text = self.text(self.get(target))
        out, at, count = "", 0, 0
        for found in pattern.finditer(text):
            count += 1
            out += text[at : found.start()] + _filled(made, found[0])
            fits(len(out))
            at = found.end()
            if once:
                break
        if count:
            self.put(target, out + text[at:])
        return float(count)

    def _match(self, arguments: tuple[Node, ...]) -> float:
        found = self.pattern(self.pattern_text(arguments[1])).search(self.text(self.value(arguments[0])))
        self.variables["RSTART"] = float(found.start() + 1) if found else 0.0
        self.variables["RLENGTH"] = float(found.end() - found.start()) if found else -1.0
        return self.number(self.variables["RSTART"])

    def formatted(self, arguments: tuple[Node, ...]) -> str:
        form, *rest = (self.value(node) for node in arguments)
        letters = re.findall(r"%[-+ 0#]*\*?\d*(?:\.\*?\d*)?([a-zA-Z])", self.text(form).replace("%%", ""))
        words = [_argument(self, letter, value) for letter, value in zip(letters, rest, strict=False)]
        escaped = self.text(form).replace("\\", "\\\\")
        try:
            return printf(Call(("printf", escaped, *words), Input(), self.call.files)).stdout
        except Ended as ended:
            return str(ended)

    # -- statements ----------------------------------------------------------------------------------------------

    def execute(self, node: Node) -> None:
        self.spend()
        parts = node.parts
        match node.kind:
            case "block":
                for statement in parts:
                    self.execute(statement)
            case "expression":
                self.value(parts[0])
            case "print" | "printf":
                self.printed(node.kind, parts[0], parts[1])
            case "if":
                chosen = parts[1] if self.truth(self.value(parts[0])) else parts[2]
                if chosen is not None:
                    self.execute(chosen)
            case "while" | "do" | "for":
                self.loop(node)
            case "for in":
                self.each(parts[0], parts[1], parts[2])
            case "delete":
                self.delete(parts[0], parts[1])
            case "exit" | "return":
                raise Leave(node.kind, self.value(parts[0]) if parts[0] else "")
            case _:
                raise Leave("next" if node.kind == "nextfile" else node.kind)

    def delete(self, name: str, key: tuple[Node, ...] | None) -> None:
        if key is None:
            self.array(name).clear()
        else:
            self.array(name).pop(self.key(key), None)

    def round(self, body: Node) -> bool:
        """Run the body of a loop once; False when it was left by break."""
        try:
            self.execute(body)
        except Leave as leave:
            if leave.kind == "break":
                return False
            if leave.kind != "continue":
                raise
        return True

    def loop(self, node: Node) -> None:
        if node.kind == "do":
            body, condition = node.parts
            while self.round(body) and self.truth(self.value(condition)):
                pass
            return
        first, condition, last, body = node.parts if node.kind == "for" else (None, node.parts[0], None, node.parts[1])
        if first:
            self.execute(first)
        while condition is None or self.truth(self.value(condition)):
            if not self.round(body):
                break
            if last:
                self.execute(last)

    def each(self, name: str, array: str, body: Node) -> None:
        for key in list(self.array(array)):
            self.put(Node("name", (name,)), FromInput(key))
            if not self.round(body):
                break

    def printed(self, kind: str, arguments: tuple[Node, ...], target: tuple[str, Node] | None) -> None:
        if kind == "printf":
            text = self.formatted(arguments)
        else:
            values = [self.value(node) for node in arguments] or [self.record]
            text = self.text(self.variables["OFS"]).join(self.text(v, "OFMT") for v in values) + self.text(
                self.variables["ORS"]
            )
        if target is None:
            self.say(text)
            return
        operator, name = target[0], self.text(self.value(target[1]))
        if operator == "|":
            raise Refused("awk's print | COMMAND is not part of the lab.", "Put the | behind awk.")
        if name == "/dev/stderr":
            self.errors += text
        elif name == "/dev/stdout":
            self.say(text)
        else:
            path = self.call.path(name)
            self.call.files.write(path, text, operator == ">>" or path in self.written)
            self.written.add(path)


def _truncated(number: float) -> float:
    return float(math.trunc(number)) if math.isfinite(number) else number


def whole(number: float, how: Callable[[float], int] = math.trunc) -> int:
    """A number as C's conversion to an integer gives it, endless ones cut off (an int of 64 bits)."""
    if math.isnan(number):
        return 0
    return how(max(-MOST_INTEGER, min(MOST_INTEGER, number)))


def _argument(runner: _Runner, letter: str, value: Value) -> str:
    if letter in "dioxXu":
        return str(int(runner.number(value))) if math.isfinite(runner.number(value)) else "0"
    if letter == "c":
        return chr(whole(value) % 0x110000) if isinstance(value, float) else value
    return repr(runner.number(value)) if letter in "eEfFgG" else runner.text(value)


def _filled(text: str, found: str) -> str:
    return re.sub(r"\\(.)|&", lambda m: (m[1] if m[1] in "&\\" else m[0]) if m[1] else found, text, flags=re.S)
