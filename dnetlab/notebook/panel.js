// `%dnet panel`: journey.js stands in front of this file. The model: picture, text, alt, note, boxes, pressed, port,
// tables, journey, told, labels, language, and shown, which counts what was sent.

let panels = 0;

// Of several things one can be reached by Tab, and the arrow keys go from one to the next.
function roving(things, act) {
  const reach = (to) => things.forEach((thing, at) => { thing.setAttribute("tabindex", at === to ? "0" : "-1"); });
  things.forEach((thing, at) => {
    thing.addEventListener("focus", () => reach(at));
    thing.addEventListener("click", () => act(at));
    thing.addEventListener("keydown", (event) => {
      const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: things.length - 1 }[event.key];
      const pressed = event.key === "Enter" || event.key === " ";
      if (to === undefined && !pressed) return;
      event.preventDefault();
      event.stopPropagation(); // the notebook's own keys
      if (pressed) act(at);
      else if (things[to]) things[to].focus();
    });
  });
  return reach;
}

function render({ model, el }) {
  const id = `dnetlab-panel-${++panels}`;
  const picture = element("div", { className: "picture" });
  const keys = element("div", { className: "keys", id: `${id}-keys` });
  const told = element("div", { className: "told", role: "status" });
  const tables = element("div", { className: "tables" });
  const journey = element("div", { className: "journey" });
  const choices = Object.fromEntries(["source", "destination", "port"].map((name) => [name, element("select", { id: `${id}-${name}` })]));
  const names = Object.fromEntries(Object.keys(choices).map((name) => [name, element("label", { htmlFor: `${id}-${name}` })]));
  const button = element("button", { type: "button" });
  const form = element("div", { className: "bar", role: "group" },
    ...Object.keys(choices).flatMap((name) => [names[name], choices[name]]), button);
  const root = element("div", { className: "dnetlab-panel", role: "group" }, picture, keys, form, told, journey, tables);
  root.dataset.lmSuppressShortcuts = "true";
  const label = (name) => model.get("labels")[name] || "";
  let playing = null, drawnOf = null, playedOf = "", at = 0;

  const press = (node) => model.send({ ask: "press", node });

  function words() {
    root.lang = model.get("language");
    root.setAttribute("aria-label", label("name"));
    form.setAttribute("aria-label", label("trace"));
    for (const [name, its] of Object.entries(names)) its.textContent = label(name);
    button.textContent = label("trace");
    keys.textContent = label("keys");
    if (told.textContent !== model.get("told")) told.textContent = model.get("told");
  }

  // -- the picture -----------------------------------------------------------------------------------------------

  function asText() { // no Graphviz: the tree, and a button for each box
    const buttons = model.get("boxes").map((box) => element("button", { type: "button" }, box.text));
    picture.replaceChildren(element("pre", { tabIndex: 0 }, model.get("text")), element("div", { className: "bar" }, ...buttons));
    return buttons;
  }

  function asPicture() {
    const svg = sized(svgOf(model.get("picture")));
    svg.setAttribute("role", "group");
    svg.setAttribute("aria-label", model.get("alt"));
    const { nodes } = drawn(svg);
    picture.replaceChildren(svg);
    return model.get("boxes").map((box) => {
      const node = nodes.get(box.node) || drawing("g", {});
      node.setAttribute("role", "button");
      node.setAttribute("aria-label", [box.text, ...box.listens].join(", "));
      node.classList.add("dnetlab-box");
      return node;
    });
  }

  function draw() {
    const state = JSON.stringify([model.get("picture"), model.get("text"), model.get("boxes")]);
    const boxes = model.get("boxes");
    if (state !== drawnOf) {
      const had = picture.contains(document.activeElement);
      const before = drawnOf === null ? null : JSON.parse(drawnOf)[2][at];
      const [left, top] = [picture.scrollLeft, picture.scrollTop];
      draw.buttons = model.get("picture") ? asPicture() : asText();
      drawnOf = state;
      at = Math.max(0, boxes.findIndex((box) => before && box.node === before.node));
      const reach = roving(draw.buttons, (place) => press(model.get("boxes")[place].node));
      draw.buttons.forEach((button, place) => button.addEventListener("focus", () => { at = place; }));
      reach(at);
      picture.scrollTo(left, top);
      if (had && draw.buttons[at]) draw.buttons[at].focus({ preventScroll: true }); // what had the keyboard has it still
    }
    draw.buttons.forEach((button, place) => {
      const order = model.get("pressed").indexOf(boxes[place].node);
      button.setAttribute("aria-pressed", String(order >= 0));
      button.classList.toggle("dnetlab-pressed", order >= 0);
    });
  }

  // -- from, to, port --------------------------------------------------------------------------------------------

  function fill(select, options, chosen) {
    const wanted = JSON.stringify(options);
    if (select.dataset.holds !== wanted) {
      const kept = select.value;
      select.replaceChildren(...options.map(([value, text]) => element("option", { value }, text)));
      select.dataset.holds = wanted;
      if (options.some(([value]) => value === kept)) select.value = kept;
    }
    if (chosen !== undefined) select.value = chosen;
  }

  function ports(chosen) {
    const box = model.get("boxes").find((one) => one.node === choices.destination.value);
    fill(choices.port, [["", label("echo")], ...(box ? box.listens : []).map((text) => [text.split("/")[0], text])], chosen);
  }

  function offer() {
    const boxes = model.get("boxes").map((box) => [box.node, box.text]), pressed = model.get("pressed");
    const now = JSON.stringify([pressed, model.get("port")]), anew = now !== offer.last;
    offer.last = now;
    fill(choices.source, boxes, anew ? pressed[0] : undefined);
    fill(choices.destination, boxes, anew ? pressed[1] : undefined);
    if (anew && !pressed.length && boxes.length > 1) choices.destination.value = boxes[1][0];
    ports(anew ? model.get("port") : undefined);
  }

  // -- tables and the trace --------------------------------------------------------------------------------------

  function decided(key) { // the frame in which that rule decides of the traced packet, or rewrites it; -1 for none
    const frames = model.get("journey").frames || [], its = (frame) => key && frame.key === key;
    const rewritten = frames.findIndex((frame) => its(frame) && frame.before);
    return rewritten >= 0 ? rewritten : frames.findIndex(its);
  }

  function ruleSaid(table, row) {
    const step = decided(table.keys[row]), said = [table.told[row]];
    if (step >= 0) {
      const frame = model.get("journey").frames[step];
      said.push(`${label("met").replace("{step}", step + 1)} ${frame.before ? `${frame.before} → ` : ""}${frame.after}`);
    }
    return said.join(" ");
  }

  function rules(table, body, below) {
    const rows = [...body.rows].slice(0, table.keys.length);
    const buttons = rows.map((row, number) => {
      const text = element("button", { type: "button", className: "rule" }, table.rows[number][table.rule]);
      row.cells[table.rule].replaceChildren(text);
      row.classList.toggle("met", decided(table.keys[number]) >= 0);
      row.addEventListener("mouseenter", () => show(number));
      text.addEventListener("focus", () => show(number));
      return text;
    });
    const show = (number) => {
      rows.forEach((row, other) => row.classList.toggle("now", other === number));
      below.textContent = ruleSaid(table, number);
    };
    roving(buttons, (number) => {
      const step = decided(table.keys[number]);
      if (playing && step >= 0) playing.go(step);
      show(number);
    })(0);
  }

  function tableOf(table) {
    const body = element("tbody", {}, ...table.rows.map((row) => element("tr", {}, ...row.map((text) => element("td", {}, text)))));
    const head = element("tr", {}, ...table.columns.map((name) => element("th", { scope: "col" }, name)));
    const whole = element("table", {}, element("thead", {}, head), body);
    const scroll = element("div", { className: "scroll", role: "group", tabIndex: 0 }, whole);
    scroll.setAttribute("aria-label", table.command);
    const part = element("details", { open: true }, element("summary", {}, element("code", {}, table.command)), scroll);
    if (table.keys.length) {
      const below = element("div", { className: "said", role: "status" }, label("rules"));
      part.append(below);
      rules(table, body, below);
    }
    return part;
  }

  function below() {
    const state = JSON.stringify([model.get("tables"), model.get("journey").frames, model.get("language")]);
    if (state === below.of) return;
    below.of = state;
    const open = new Map([...tables.children].map((part) => [part.dataset.command, part.open]));
    tables.replaceChildren(...model.get("tables").map((table) => {
      const part = tableOf(table);
      part.dataset.command = table.command;
      if (open.has(table.command)) part.open = open.get(table.command);
      return part;
    }));
  }

  function trace() {
    const found = model.get("journey"), state = JSON.stringify(found);
    if (state === playedOf) return; // the same journey goes on where it stands
    playedOf = state;
    if (playing) playing.stop();
    playing = null;
    journey.replaceChildren();
    if (found.frames) playing = play({ get: (name) => (name === "at" ? 0 : found[name]), set() {}, save_changes() {} }, journey);
  }

  function all() {
    words();
    draw();
    offer();
    trace();
    below();
  }

  choices.destination.addEventListener("change", () => ports());
  button.addEventListener("click", () => model.send({
    ask: "trace", source: choices.source.value, destination: choices.destination.value, port: choices.port.value,
  }));
  root.addEventListener("keydown", (event) => event.stopPropagation());
  model.on("change:shown", all);
  el.append(root);
  all();
  return () => {
    model.off("change:shown", all);
    if (playing) playing.stop();
  };
}

export default { render };
