"""Go templates as people write them behind -f. Results and errors were taken from the real client 28.2.2."""

from __future__ import annotations

import pytest

from dnetlab.commands.gotemplate import Limits, Map, Struct, TemplateError, TooMuch, Unsupported, parse
from dnetlab.commands.gotemplate.values import Row

NETWORKS = Map({"n1": Struct({"IPAddress": "172.18.0.2"}), "bridge": Struct({"IPAddress": "172.17.0.3"})}, None)
PORTS = Map({"80/tcp": [Struct({"HostIp": "0.0.0.0", "HostPort": "8080"})]}, [])
WEB1 = Struct({
    "Name": "/web1", "Args": ["-g", "daemon off;"], "Env": ["A=1", "B=2"], "Pid": 362, "Running": True,
    "Labels": Map({"a": "b"}), "NetworkSettings": Struct({"Networks": NETWORKS, "Ports": PORTS}),
    "State": Struct({"Status": "running"}),
}, "*container.InspectResponse")  # fmt: skip


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{.Name}}", "/web1"),
        ("name: {{ .Name }}!", "name: /web1!"),
        (
            "{{range $k, $v := .NetworkSettings.Networks}}{{$k}}={{$v.IPAddress}} {{end}}",
            "bridge=172.17.0.3 n1=172.18.0.2 ",
        ),
        ("{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}", "172.17.0.3 172.18.0.2 "),
        ('{{(index .NetworkSettings.Networks "n1").IPAddress}}', "172.18.0.2"),
        ("{{.NetworkSettings.Networks.n1.IPAddress}}", "172.18.0.2"),
        ("{{.NetworkSettings.Networks.nosuch.IPAddress}}", "<no value>"),
        ('{{.Labels.zz}}|{{index .Labels "zz"}}|{{.Labels}}', "<no value>||map[a:b]"),
        ('{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', "8080"),
        ("{{range $p, $c := .NetworkSettings.Ports}}{{$p}} -> {{(index $c 0).HostPort}} {{end}}", "80/tcp -> 8080 "),
        ("{{json .NetworkSettings.Ports}}", '{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}]}'),
        ("{{.NetworkSettings.Ports}}", "map[80/tcp:[{0.0.0.0 8080}]]"),
        ('{{join .Env ", "}} {{join .Args " "}} {{split .Name "w"}}', "A=1, B=2 -g daemon off; [/ eb1]"),
        ('{{if eq .State.Status "running"}}up{{else}}down{{end}}', "up"),
        ("{{if .Nothing}}{{end}}x", None),
        ("{{if not .Running}}a{{else if gt .Pid 100}}b{{else}}c{{end}}", "b"),
        ("{{with .State}}{{.Status}}{{end}} {{with $x := .Name}}{{$x}}{{end}} {{$y := 3}}{{$y}}", "running /web1 3"),
        ("{{range $i, $e := .Env}}{{if $i}}, {{end}}{{$e}}{{end}}", "A=1, B=2"),
        ("{{range .Env}}{{.}}{{break}}{{end}}", "A=1"),
        ("{{range .Labels}}{{.}}{{else}}none{{end}}", "b"),
        ("{{len .Env}} {{len .Name}}", "2 5"),
        ('{{printf "%d %s %v %q %5s|%-5s|" .Pid .Name .Running .Name "a" "b"}}', '362 /web1 true "/web1"     a|b    |'),
        ("{{println .Name .Pid}}", "/web1 362\n"),
        ('{{upper .Name}} {{lower "AB"}} {{title "ab cd"}}', "/WEB1 ab Ab Cd"),
        ("{{slice .Name 1}} {{truncate .Name 3}} {{pad .Name 1 2}}|", "web1 /we  /web1  |"),
        ('{{.Name | upper | printf "<%s>"}}', "</WEB1>"),
        ('{{and true 0}} {{or 0 "x"}} {{not 1}} {{gt 3 2}}', "0 x false true"),
        ("a  {{- .Name -}}  b", "a/web1b"),
        ("a{{/* nothing */}}b", "ab"),
        ("{{.State}}", "{running}"),
        ("{{slice .Env 0 1}}", "[A=1]"),
        ("{{print 1 2 .Name}}", "1 2/web1"),
    ],
)
def test_a_template_over_a_container(template, text):
    if text is None:
        with pytest.raises(TemplateError, match="can't evaluate field Nothing in type"):
            parse(template).execute(WEB1)
    else:
        assert parse(template).execute(WEB1) == text


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{{.Foo", "unclosed action"),
        ("{{foo}}", 'function "foo" not defined'),
        ("{{range}}", "missing value for range"),
        ("{{end}}", "unexpected {{end}}"),
        ("{{if}}a{{end}}", "missing value for if"),
        ("{{if.x}}", "unexpected EOF"),
        ('{{"x}}', "unterminated quoted string"),
        ("{{$x}}", 'undefined variable "$x"'),
        ("{{}}", "missing value for command"),
        ("{{.Name}", "bad character U+007D '}'"),
        ("{{-.Name}}", 'bad number syntax: "-.N"'),
        ("{{else}}", "unexpected {{else}}"),
        ("{{.Name..}}", "unexpected <.> in operand"),
        ("{{1a}}", 'bad number syntax: "1a"'),
        ("{{.a-b}}", "bad character U+002D '-'"),
        ("{{(.a}}", "unclosed left paren"),
        ("{{.a)}}", "unexpected right paren"),
        ("{{,}}", 'unexpected "," in command'),
    ],
)
def test_a_template_that_cannot_be_read(template, problem):
    with pytest.raises(TemplateError) as caught:
        parse(template)

    assert str(caught.value) == f"template: :1: {problem}"


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{{.Foo}}", ':1:2: executing "" at <.Foo>: map has no entry for key "Foo"'),
        ("{{.State.Foo}}", ':1:8: executing "" at <.State.Foo>: map has no entry for key "Foo"'),
        ("{{.Name.Foo}}", ':1:7: executing "" at <.Name.Foo>: can\'t evaluate field Foo in type interface {}'),
        ("{{index .Args 9}}", ':1:2: executing "" at <index .Args 9>: error calling index: index out of range: 9'),
        ("{{range .Name}}x{{end}}", ':1:8: executing "" at <.Name>: range can\'t iterate over /web1'),
        ("{{len}}", ':1:2: executing "" at <len>: wrong number of args for len: want 1 got 0'),
        ("{{eq 1}}", ':1:2: executing "" at <eq 1>: error calling eq: missing argument for comparison'),
        ("{{lower 3}}", ':1:8: executing "" at <3>: expected string; found 3'),
        ('{{(index .Map "x").IPAddress}}', ':1:14: executing "" at <"x">: nil data; no entry for key "IPAddress"'),
    ],
)
def test_what_bare_json_lacks_is_an_error_with_its_place(template, problem):
    document = {"Name": "/web1", "State": {"Status": "running"}, "Args": ["-g"], "Map": {}}

    with pytest.raises(TemplateError) as caught:
        parse(template).execute(document, missing_is_error=True)

    assert str(caught.value) == f"template: {problem}"


def test_named_templates_are_left_out_and_said_so():
    with pytest.raises(Unsupported):
        parse('{{template "x"}}')


CONTEXT = Row({"Name": "default", "Current": True}, "*formatter.clientContextContext")


# `docker context ls --format …` of client 28.2.2
@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('{{printf "%5t|%-7q|%3c|" true "a" 65}}', ' true|"a"    |  A|'),
        ('{{printf "%05s|%-05d|%+.2f|% x|%#x|%#o" "a" 3 1.5 "abc" 255 8}}', "0000a|3    |+1.50|61 62 63|0xff|010"),
        ('{{printf "%5v|%-5v|%05v|%+v|%.2v" 3 "a" 7 3 "abc"}}', "    3|a    |00007|3|ab"),
        ('{{printf "%g %G %e %E" 1e21 1e-7 12345.678 0.00012}}', "1e+21 1E-07 1.234568e+04 1.200000E-04"),
        ('{{printf "%.3d %8.3d| %6.2f| %.f %3.x" 7 7 3.14159 2.5 3}}', "007      007|   3.14| 2   3"),
        ('{{printf "%b %o %O %x %X %U %#U" 5 8 8 -3 "hi" 128512 65}}', "101 10 0o10 -3 6869 U+1F600 U+0041 'A'"),
        ('{{printf "%*d|%-*d|%*d|%.*f" 5 3 5 3 -5 3 2 3.14159}}', "    3|3    |3    |3.14"),
        ('{{printf "%*d %*d" "a" 3 10000001 4}}', "%!(BADWIDTH)3 %!(BADWIDTH)4"),
        ('{{printf "%d %s" .Name .Current}}', "%!d(string=default) %!s(bool=true)"),
        ('{{printf "%v %s %d" nil nil}}', "<nil> %!s(<nil>) %!d(MISSING)"),
        ('{{printf "%q %T %%%5%" 65 .Name}}', "'A' string %%"),
        ('{{printf "a" 1 "b" nil true}}', "a%!(EXTRA int=1, string=b, <nil>, bool=true)"),
        ('{{printf "%"}} {{printf "%5"}}', "%!(NOVERB) %!(NOVERB)"),
        ('{{printf "%1000000000d" 3}}', "%!(NOVERB)%!(EXTRA int=3)"),
        ('{{printf "%.1000000000f" 3.0}}', "%!(NOVERB)%!(EXTRA float64=3)"),
        ('{{printf "%c%c%c" -1 55296 99999999999}}', "\ufffd\ufffd\ufffd"),
        ('{{len (printf "%1000000d" 1)}} {{len (printf "%.1000000f" 3.0)}}', "1000000 1000002"),
        ("{{1e3}} {{1e6}} {{100000.0}} {{123456789.0}} {{0.1}} {{1e-5}}", "1000 1e+06 100000 1.23456789e+08 0.1 1e-05"),
        ("{{017}} {{1_000}} {{'a'}} {{'\\x41'}} {{.5}} {{+1}}", "15 1000 97 65 0.5 1"),
        ('{{"\\x41\\101\\u00e9\\t"}}', "AA\u00e9\t"),
        ('{{html 3 nil}} {{urlquery "a b" 3}} {{html "<a>" "b"}}', "3&lt;no value&gt; a+b3 &lt;a&gt;b"),
        ("{{range $i := 3}}{{$i}}{{end}}{{range -5}}a{{else}}none{{end}}", "012none"),
        ('{{1 | pad "x" 1}}|', " x |"),
    ],
)
def test_printf_and_literals_are_go_s(template, text):
    assert parse(template).execute(CONTEXT) == text


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        ("{{$x := $x}}", ':1:8: executing "" at <$x>: undefined variable: $x'),
        ("{{$x = 3}}", ':1:7: executing "" at <3>: undefined variable: $x'),
        ("{{1e400}}", ':1: illegal number syntax: "1e400"'),
        ("{{-}}", ':1: illegal number syntax: "-"'),
        ("{{9999999999999999999999}}", ':1: integer overflow: "9999999999999999999999"'),
        ("{{-9223372036854775809}}", ':1: integer overflow: "-9223372036854775809"'),
        ("{{9223372036854775808}}", ':1:2: executing "" at <9223372036854775808>: 9223372036854775808 overflows int'),
        ("{{truncate .Name .Name}}", ':1:17: executing "" at <.Name>: wrong type for value; expected int; got string'),
        ("{{truncate .Name 1.5}}", ':1:17: executing "" at <1.5>: expected integer; found 1.5'),
        (
            "{{truncate .Name -1}}",
            ':1:2: executing "" at <truncate .Name -1>: error calling truncate: runtime error: '
            "slice bounds out of range [:-1]",
        ),
        ("{{truncate 3 1}}", ':1:11: executing "" at <3>: expected string; found 3'),
        ("{{pad .Name 1.5 1}}", ':1:12: executing "" at <1.5>: expected integer; found 1.5'),
        (
            "{{pad .Name -1 1}}",
            ':1:2: executing "" at <pad .Name -1 1>: error calling pad: strings: negative Repeat count',
        ),
        ("{{pad nil 1 1}}", ':1:6: executing "" at <nil>: cannot assign nil to string'),
        ("{{3 | lower}}", ':1:6: executing "" at <lower>: wrong type for value; expected string; got int'),
        ('{{"y" | pad "x" 1}}', ':1:16: executing "" at <1>: wrong type for value; expected int; got string'),
        (
            '{{join .Name ","}}',
            ':1:7: executing "" at <.Name>: wrong type for value; expected []string; got string',
        ),
        (
            "{{range $i, $j := 3}}{{end}}",
            ':1:18: executing "" at <3>: can\'t use 3 to iterate over more than one variable',
        ),
        ("{{nil}}", ':1:2: executing "" at <nil>: nil is not a command'),
        ("{{slice nil}}", ':1:2: executing "" at <slice nil>: error calling slice: slice of untyped nil'),
        ('{{"\\ud800"}}', ":1: invalid syntax"),
        ("{{'ab'}}", ":1: malformed character constant: 'ab'"),
        ("{{eq 1 1.0}}", ':1:2: executing "" at <eq 1 1.0>: error calling eq: incompatible types for comparison'),
        ('{{.Name "a"}}', ':1:2: executing "" at <.Name>: wrong number of args for Name: want 0 got 1'),
    ],
)
def test_what_no_go_template_can_do_is_said_in_go_s_words(template, complaint):
    with pytest.raises(TemplateError) as raised:
        parse(template).execute(CONTEXT)

    assert str(raised.value) == f"template: {complaint}"


@pytest.mark.parametrize(
    "template",
    [
        "{{range 9999999999}}{{end}}",
        "{{range 9999999999}}x{{end}}",
        "{{range 100000}}{{range 100000}}x{{end}}{{end}}",
        '{{$x := "a"}}{{range 40}}{{$x = print $x $x}}{{end}}',
        '{{pad "x" 1000000000 0}}',
        "{{printf \"%*d%*d\" 1000000 1 1000000 1}}",
    ],
)
def test_a_template_that_would_fill_the_memory_is_ended_with_a_sentence(template):
    with pytest.raises(TooMuch, match="so it was ended as by Ctrl-C"):
        parse(template).execute(CONTEXT)


def test_the_rows_of_a_listing_share_their_limits():
    # Given a template that one row can afford, when it is filled in for more and more rows, then it ends.
    template, limits = parse("{{range 40000}}{{end}}"), Limits()

    assert template.execute(CONTEXT, limits=limits) == ""
    assert template.execute(CONTEXT, limits=limits) == ""
    with pytest.raises(TooMuch, match="more than 100,000 steps"):
        template.execute(CONTEXT, limits=limits)


@pytest.mark.parametrize("template", ["{{" + "(" * 500 + "1" + ")" * 500 + "}}", "{{if 1}}" * 500 + "{{end}}" * 500])
def test_brackets_and_blocks_go_fifty_deep(template):
    with pytest.raises(Unsupported, match="more than 50 brackets or blocks inside one another"):
        parse(template)

    assert parse("{{" + "(" * 50 + "1" + ")" * 50 + "}}").execute(CONTEXT) == "1"
