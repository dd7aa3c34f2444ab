// Plays a packet's journey on the picture of the lab. The model: picture (SVG), alt, frames, labels, at.
// A file without an export: a widget is given it with another behind it as one module.
const HOOKS = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"];
const SVG = "http://www.w3.org/2000/svg";
const SIGNS = { // drawn, because not every font has them
  first: "M2,2 v10 h2 v-10 z M13,2 v10 l-8,-5 z", back: "M11,2 v10 l-9,-5 z", play: "M3,1 v12 l9,-6 z",
  pause: "M3,2 h3 v10 h-3 z M8,2 h3 v10 h-3 z", step: "M3,2 v10 l9,-5 z", last: "M1,2 v10 l8,-5 z M10,2 v10 h2 v-10 z",
};
const PAUSE = 1400; // milliseconds a frame is shown while it plays

function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function drawing(tag, properties) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) made.setAttribute(name, value);
  return made;
}

function sign(name) {
  const icon = drawing("svg", { width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true" });
  icon.append(drawing("path", { d: SIGNS[name], fill: "currentColor" }));
  return icon;
}

// The picture's own boxes and cables by the titles that Graphviz gave them.
function drawn(svg) {
  const nodes = new Map(), edges = new Map();
  for (const group of svg.querySelectorAll("g.node, g.edge")) {
    const title = group.querySelector("title");
    if (!title) continue;
    (group.classList.contains("node") ? nodes : edges).set(title.textContent, group);
    title.remove(); // a browser would show it as a tooltip
  }
  return { nodes, edges };
}

function bare(end, nodes) { // 'docker1 bridge docker0:i7' -> 'docker1 bridge docker0'
  while (end && !nodes.has(end)) end = end.includes(":") ? end.slice(0, end.lastIndexOf(":")) : "";
  return end;
}

function cables(edges, nodes) {
  const found = new Map();
  for (const [title, group] of edges) {
    if (!group.querySelector("path")) continue; // laid out, not drawn
    const [one, two] = title.split("--").map((end) => bare(end, nodes));
    if (!one || !two) continue;
    for (const [from, to] of [[one, two], [two, one]]) {
      if (!found.has(from)) found.set(from, new Map());
      found.get(from).set(to, group);
    }
  }
  return found;
}

// The cables between two boxes: one, or two by way of a third box (the switch between two hosts).
function between(links, from, to) {
  const near = links.get(from);
  if (!near || from === to) return [];
  if (near.has(to)) return [near.get(to)];
  for (const [middle, cable] of near) {
    const next = links.get(middle);
    if (next && next.has(to)) return [cable, next.get(to)];
  }
  return [];
}

// An SVG text as an element of this page: no script in it runs.
function svgOf(text) {
  return document.importNode(new DOMParser().parseFromString(text, "image/svg+xml").documentElement, true);
}

// As wide as the notebook, but never so narrow that the smallest letters are below 11 pixels.
function sized(svg) {
  const points = parseFloat(svg.getAttribute("width"));
  svg.style.minWidth = `${points * 1.1}px`;
  svg.style.maxWidth = `${points * 4 / 3}px`;
  return svg;
}

// Puts the player into el; `go(at)` shows that frame, `stop()` ends it.
function play(model, el) {
  const frames = model.get("frames"), labels = model.get("labels");
  const picture = element("div", { className: "picture", role: "img", ariaLabel: model.get("alt"), tabIndex: 0 });
  const svg = sized(svgOf(model.get("picture")));
  svg.setAttribute("aria-hidden", "true");
  picture.append(svg);
  const { nodes, edges } = drawn(svg);
  const links = cables(edges, nodes);
  const packet = drawing("g", { class: "dnetlab-packet" });
  packet.append(
    drawing("circle", { r: 9, fill: "#a83f00", stroke: "#ffffff", "stroke-width": 2 }),
    drawing("path", { d: "M-4,-3 h8 v6 h-8 z l4,3 l4,-3", fill: "none", stroke: "#ffffff", "stroke-width": 1.2 }),
  );
  (svg.querySelector("g.graph") || svg).append(packet);

  const place = element("span", { className: "place" });
  const buttons = {};
  for (const name of ["first", "back", "play", "step", "last"]) {
    buttons[name] = element("button", { type: "button", title: labels[name], ariaLabel: labels[name] }, sign(name));
  }
  const bar = element("div", { className: "bar", role: "toolbar", ariaLabel: labels.steps }, ...Object.values(buttons), place);
  const hooks = element("ul", { className: "hooks", ariaLabel: "netfilter" }, ...HOOKS.map((h) => element("li", {}, h)));
  const now = element("div", { className: "now", role: "status" });
  now.setAttribute("aria-live", "polite");
  const root = element("div", { className: "dnetlab-player", role: "group", ariaLabel: labels.keys }, picture, bar, hooks, now);
  let at = Math.min(model.get("at"), frames.length - 1), timer = null;

  function stand(frame, previous) {
    for (const lit of svg.querySelectorAll(".dnetlab-here")) lit.classList.remove("dnetlab-here");
    const box = nodes.get(frame.node);
    packet.style.display = box ? "" : "none";
    if (!box) return;
    const way = previous ? between(links, previous.node, frame.node) : [];
    for (const lit of [box, ...way]) lit.classList.add("dnetlab-here");
    const { x, y, width } = box.getBBox();
    packet.style.transform = `translate(${x + width}px, ${y}px)`;
    const seen = box.getBoundingClientRect(), view = picture.getBoundingClientRect();
    if (seen.left < view.left || seen.right > view.right) { // a wide picture scrolls along, the page doesn't
      picture.scrollLeft += (seen.left + seen.right - view.left - view.right) / 2;
    }
  }

  function show() {
    const frame = frames[at];
    stand(frame, frames[at - 1]);
    place.textContent = `${at + 1} / ${frames.length} · ${frame.leg} · ${frame.place}`;
    [...hooks.children].forEach((li) => {
      const here = li.textContent === frame.hook;
      li.classList.toggle("here", here);
      if (here) li.setAttribute("aria-current", "step"); else li.removeAttribute("aria-current");
    });
    const said = [element("div", {}, element("b", {}, frame.text))];
    if (frame.rule) said.push(element("div", {}, `${labels.rule} `, element("code", {}, frame.rule)));
    if (frame.before) said.push(element("div", {}, `${labels.was} `, element("code", {}, frame.before)));
    said.push(element("div", {}, `${labels.packet} `, element("code", {}, frame.after)));
    now.replaceChildren(...said);
    // Not `disabled`: that would take the keyboard away from whoever pressed it last.
    for (const name of ["first", "back"]) buttons[name].setAttribute("aria-disabled", at === 0);
    for (const name of ["step", "last"]) buttons[name].setAttribute("aria-disabled", at === frames.length - 1);
    model.set("at", at);
    model.save_changes();
  }

  function go(to) {
    at = Math.max(0, Math.min(frames.length - 1, to));
    show();
  }

  function playing(on) {
    clearInterval(timer);
    timer = on ? setInterval(() => (at + 1 < frames.length ? go(at + 1) : playing(false)), PAUSE) : null;
    const name = on ? "pause" : "play";
    buttons.play.replaceChildren(sign(name));
    buttons.play.title = buttons.play.ariaLabel = labels[name];
  }

  const acts = {
    first: () => go(0), back: () => go(at - 1), step: () => go(at + 1), last: () => go(frames.length - 1),
    play: () => { if (!timer && at === frames.length - 1) go(0); playing(!timer); },
  };
  for (const [name, act] of Object.entries(acts)) {
    buttons[name].addEventListener("click", () => { if (name !== "play") playing(false); act(); });
  }
  const keys = { Home: "first", ArrowLeft: "back", ArrowRight: "step", End: "last" };
  root.addEventListener("keydown", (event) => {
    const name = keys[event.key];
    if (!name || (event.target === picture && picture.scrollWidth > picture.clientWidth)) return;
    event.preventDefault();
    event.stopPropagation(); // the notebook's own keys
    playing(false);
    acts[name]();
  });
  el.append(root);
  requestAnimationFrame(show); // a box has a size only once it is in the page
  return { go: (to) => { playing(false); go(to); }, stop: () => clearInterval(timer) };
}
