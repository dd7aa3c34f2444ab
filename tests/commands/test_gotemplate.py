"""Go templates as people write them behind -f. Results and errors were taken from the real client 28.2.2."""

from __future__ import annotations

import pytest

from dnetlab.commands.gotemplate import Map, Struct, TemplateError, Unsupported, parse

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
