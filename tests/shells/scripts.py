"""Random shell scripts, the same for the same number: what students write, and what tries a shell's rules."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

WORDS = (
    "a",
    "b",
    "foo",
    "bar",
    "12",
    "7",
    "0",
    "x y",
    "  p  q ",
    "",
    "a:b:c",
    "*.txt",
    "web1",
    "172.17.0.2",
    "A-b_c",
    "-3",
)
NAMES = ("x", "y", "z", "n")
TEXT = (
    "one two three",
    "alpha 10 x",
    "beta 2 y",
    "gamma 33 z",
    "alpha 4 x",
    "",
    "web1 172.17.0.2/16 up",
    "web2 172.17.0.3/16 down",
    "a:b:c",
    "k=v",
    "  led  by blanks",
    "TAB\there",
    "net_a bridge local",
    "8080->80/tcp",
)


class Writer:
    """Writes one script. tools: whether the text tools are used beside the shell's own words."""

    def __init__(self, seed: int, tools: bool = True) -> None:
        self.dice = random.Random(seed)
        self.tools = tools
        self.functions: list[str] = []
        self.named = 0

    def script(self) -> str:
        head = [
            "printf 'one two\\nalpha 3\\nbeta 20\\nalpha 3\\n' > f.txt",
            "printf 'x:1\\ny:2\\n' > g.txt",
            "mkdir d; : > d/e.txt",
        ]
        if self.dice.random() < 0.1:
            head.insert(0, self.dice.choice(["set -e", "set -u", "set -f", "set -eu"]))
        if self.dice.random() < 0.5:
            head.append(f"set -- {' '.join(self.word() for _ in range(self.dice.randrange(4)))}")
        lines = [self.statement(3) for _ in range(self.dice.randrange(2, 7))]
        # dash 0.5.12 makes an empty field of two blanks in an unquoted $@ right behind a quoted one; bash and ash don't
        return ("\n".join(head + lines) + "\n").replace('@}"${@}', '@}" ${@}')

    def pick(self, *ways: Callable[[], str]) -> str:
        return self.dice.choice(ways)()

    # -- words -----------------------------------------------------------------------------------------------------

    def name(self) -> str:
        return self.dice.choice(NAMES)

    def literal(self) -> str:
        text = self.dice.choice(WORDS)
        return f"'{text}'" if self.dice.random() < 0.5 or not text or text.strip() != text or " " in text else text

    def parameter(self) -> str:
        name = self.dice.choice((*NAMES, "1", "2", "#", "?", "@", "*")) if self.dice.random() < 0.4 else self.name()
        if name in "#?@*" or self.dice.random() < 0.5:
            return f"${name}" if self.dice.random() < 0.5 else f"${{{name}}}"
        if self.dice.random() < 0.2:
            return f"${{#{name}}}"
        operator = self.dice.choice(
            (":-", "-", ":+", "+", "#", "##", "%", "%%") + ((":=", "=") if name.isalpha() else ())
        )
        operand = self.dice.choice(("a", "b c", "'q r'", "$z", "*:", ":*", "?", "[a-f]*", '"$y"', "*.", "", "f*", "*o"))
        return f"${{{name}{operator}{operand}}}"

    def arithmetic(self, depth: int = 2) -> str:
        if depth == 0 or self.dice.random() < 0.3:
            return self.dice.choice(("1", "2", "7", "10", "3", "n", "$#", "0x10", "-4"))
        a, b = self.arithmetic(depth - 1), self.arithmetic(depth - 1)
        operator = self.dice.choice(
            ("+", "-", "*", "/", "%", "<", ">", "==", "!=", "&&", "||", "&", "|", "^", "<<", ">=")
        )
        if operator == "<<":
            b = self.dice.choice("123")
        if operator in "/%":
            b = self.dice.choice("2357")
        made = f"{a} {operator} {b}"
        return f"({made})" if self.dice.random() < 0.5 else made

    def word(self) -> str:
        made = self.pick(
            self.literal,
            self.literal,
            self.parameter,
            lambda: f'"{self.parameter()}"',
            lambda: f"$(( {self.arithmetic()} ))",
            lambda: f"$({self.simple(1)})",
            lambda: f'"$({self.simple(1)})"',
            lambda: self.dice.choice(("*.txt", "f*", "d/*", "?.txt", "[fg].txt", "none*")),
            lambda: f'"{self.dice.choice(WORDS)}{self.parameter()} {self.parameter()}"',
            lambda: f"`{self.simple(0)}`",
        )
        return made + self.pick(self.literal, self.parameter) if self.dice.random() < 0.2 else made

    def words(self, most: int = 3) -> str:
        return " ".join(self.word() for _ in range(self.dice.randrange(1, most + 1)))

    # -- commands --------------------------------------------------------------------------------------------------

    def simple(self, depth: int) -> str:
        ways: list[Callable[[], str]] = [
            lambda: f"echo {self.words() if depth else self.literal()}",
            lambda: f"printf '[%s]\\n' {self.words() if depth else self.literal()}",
            lambda: f"printf '%s %d %x|' {self.literal()} $(( {self.arithmetic()} )) 255",
            lambda: "cat f.txt",
            lambda: self.dice.choice(("true", "false", ":", "pwd >/dev/null")),
        ]
        if depth and self.tools:
            ways += [lambda: self.text_source(depth) + self.filters(), lambda: self.text_source(depth) + self.filters()]
        if depth and self.functions:
            ways.append(lambda: f"{self.dice.choice(self.functions)} {self.words(2)}")
        return self.pick(*ways)

    def text_source(self, depth: int) -> str:
        lines = "\\n".join(self.dice.choice(TEXT).replace("\t", "\\t") for _ in range(self.dice.randrange(1, 6)))
        return self.dice.choice(
            (f"printf '{lines}\\n'", "cat f.txt g.txt", f"echo {self.words()}", f"printf '{lines}\\n'")
        )

    def filters(self) -> str:
        return "".join(f" | {self.dice.choice(FILTERS)}" for _ in range(self.dice.randrange(1, 3)))

    def numbers(self) -> str:
        operator = self.dice.choice(("-eq", "-ne", "-lt", "-le", "-gt", "-ge"))
        return f"{self.dice.choice(('1', '$#', '5'))} {operator} {self.dice.choice('0135')}"

    def test(self) -> str:
        one = self.dice.choice(
            (
                f'"{self.parameter()}" = {self.literal()}',
                f'"{self.parameter()}" != "{self.parameter()}"',
                self.numbers(),
                f'-n "{self.parameter()}"',
                f'-z "{self.parameter()}"',
                "-f f.txt",
                "-d d",
                "-e none",
                "-s f.txt",
                "! -e none",
                "-f f.txt -a -d d",
                "-e none -o -d d",
            )
        )
        return f"[ {one} ]" if self.dice.random() < 0.7 else f"test {one}"

    def redirected(self, command: str) -> str:
        return command + self.dice.choice(
            (" > o.txt", " >> o.txt", " 2>/dev/null", " >/dev/null 2>&1", " < f.txt", "", "", "")
        )

    def statement(self, depth: int) -> str:
        if depth == 0:
            return self.redirected(self.simple(1))
        return self.pick(
            lambda: self.redirected(self.simple(depth)),
            lambda: self.redirected(self.simple(depth)),
            lambda: f"{self.name()}={self.word()}",
            lambda: f'{self.name()}={self.word()}; echo "${self.name()}"',
            lambda: self.conditional(depth),
            lambda: self.counted(depth),
            lambda: self.loop(depth),
            lambda: self.case(depth),
            lambda: self.function(depth),
            lambda: self.listed(depth),
            lambda: self.document(),
            lambda: self.reading(depth),
            lambda: self.grouped(depth),
            lambda: self.odd(depth),
        )

    def body(self, depth: int) -> str:
        return "\n".join(self.statement(depth - 1) for _ in range(self.dice.randrange(1, 3)))

    def conditional(self, depth: int) -> str:
        other = f"else\n{self.body(depth)}\n" if self.dice.random() < 0.5 else ""
        more = f"elif {self.test()}; then\n{self.body(depth)}\n" if self.dice.random() < 0.3 else ""
        return f"if {self.test()}; then\n{self.body(depth)}\n{more}{other}fi"

    def counted(self, depth: int) -> str:
        words = f" in {self.words()}" if self.dice.random() < 0.9 else ""
        leave = self.dice.choice(
            ("", "", "", "break\n", "continue\n", f"{self.test()} && continue\n", f"{self.test()} || break\n")
        )
        return f'for {self.name()}{words}; do\n{self.body(depth)}\n{leave}echo "in ${self.name()}"\ndone'

    def loop(self, depth: int) -> str:
        until = self.dice.random() < 0.3
        test = f"[ $i {'-ge' if until else '-lt'} 3 ]"
        return f"i=0; {'until' if until else 'while'} {test}; do\ni=$((i+1))\n{self.body(min(depth, 2))}\ndone; echo $i"

    def case(self, depth: int) -> str:
        branches = "".join(
            f"{p}) {self.statement(0)};;\n"
            for p in self.dice.sample(
                ("a*", "*o", "[0-9]*", "foo|bar", '"x y"', "?", "'*'.txt", "$y", "*:*", "[!a-z]*"), 3
            )
        )
        return f"case {self.word()} in\n{branches}*) echo other;;\nesac"

    def function(self, depth: int) -> str:
        self.named += 1
        name = f"f{self.named}"  # a name of its own: no function calls itself
        body = self.body(depth - 1) if depth > 1 else "echo $1"
        back = self.dice.choice(("", f"return {self.dice.randrange(3)}", ""))
        local = self.dice.choice(("", "local x; x=in", "local n=5", ""))
        made = f'{name}() {{\n{local}\necho "f $# $1"\n{body}\n{back}\n}}\n{name} {self.words(2)}; echo "st $?"'
        self.functions = [*self.functions, name]
        return made

    def listed(self, depth: int) -> str:
        parts = [
            self.simple(depth - 1) if self.dice.random() < 0.5 else self.test()
            for _ in range(self.dice.randrange(2, 4))
        ]
        made = parts[0]
        for part in parts[1:]:
            made += self.dice.choice((" && ", " || ", "; ")) + self.dice.choice(("", "", "! ")) + part
        return made + "; echo $?"

    def document(self) -> str:
        quoted = self.dice.choice(("EOF", "'EOF'", "EOF"))
        lines = "\n".join(
            self.dice.choice(("plain text", "x is $x", "\"q\" 'r' \\$x", "$(echo sub)", "$((1+2)) `echo b`", "end\\\\"))
            for _ in range(2)
        )
        return f"cat <<{quoted}{self.dice.choice(('', ' | wc -l' if self.tools else '', ' > o.txt'))}\n{lines}\nEOF"

    def reading(self, depth: int) -> str:
        ifs = self.dice.choice(("", "IFS=: ", "IFS= ", ""))
        raw = self.dice.choice(("-r ", ""))
        source = self.dice.choice(("< f.txt", "< g.txt", "<<E\na:b c\n  d   e:f  \nE"))
        return f'while {ifs}read {raw}x y; do\necho "<$x|$y>"\n{self.statement(0) if depth > 2 else ":"}\ndone {source}'

    def grouped(self, depth: int) -> str:
        body = self.body(depth - 1) if depth > 1 else "echo g"
        if self.dice.random() < 0.5:
            return self.redirected(f"(\nx=sub\n{body}\n)") + '\necho "$x"'
        return self.redirected(f"{{\n{body}\n}}")

    def odd(self, depth: int) -> str:
        return self.dice.choice(
            (
                f"IFS=:; echo {self.parameter()}; unset IFS",
                f'eval "echo {self.dice.choice(NAMES)}"',
                "set -- a 'b c' d; shift; echo \"$@\" $#",
                "x=a:b::c; IFS=:; for i in $x; do echo \"[$i]\"; done; IFS=' '",
                'echo "$@" | cat; echo $?',
                "(exit 3); echo $?",
                "unset x; echo ${x-unset}",
                "export x; sh -c 'echo $x'",
                f'x=$({self.simple(1)}) && echo "<$x>"',
                "cd d; echo *; cd ..",
                "y='*.txt'; echo $y \"$y\"",
                "for i in a b c; do case $i in b) continue;; esac; echo $i; done",
                "echo $((x=5)) $x; x=3; echo $((x+=2))",
                "trap 'echo bye' EXIT",
                "cat < none; echo $?",
                '[ -n "$x" ] && { echo set; } || echo unset',
                "printf '%5s|%-5s|%05d\\n' ab cd 42",
                f'set -- {self.words(2)}; for i; do echo "- $i"; done',
                'IFS=,; set -- a b; echo "$*"; unset IFS; echo "$*"',
                "x='a b'; y=$x; echo $y; echo \"${y}\"",
                "f.txt; echo $?",
                "command echo hi; command -v nosuch; echo $?",
                "{ echo out; echo err >&2; } 2>&1",
                "(echo err >&2; echo out) 2>&1 >o.txt; cat o.txt",
                "echo err 1>&2 2>/dev/null",
            )
        )


# One a line; ⏎ stands for a newline inside one.
FILTERS = tuple(
    row.replace("⏎", "\n") for row in (Path(__file__).parent / "filters.txt").read_text(encoding="utf-8").splitlines()
)
