// A prompt of the lab in the page. The model: answers, prompt, typed, labels, language, closed, ran.
// The line is a text field, so that input methods, screen readers and phones treat it as one.

function made(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const KEPT = 400; // answers that stay in the page
let terminals = 0;

function render({ model, el }) {
  const id = `dnetlab-terminal-${++terminals}`;
  const log = made("div", { className: "log", role: "log", tabIndex: 0 });
  const prompt = made("label", { className: "prompt", htmlFor: `${id}-line` });
  const line = made("input", { id: `${id}-line`, type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: false });
  const keys = made("div", { className: "keys", id: `${id}-keys` });
  const entry = made("div", { className: "entry" }, prompt, line);
  const screen = made("div", { className: "screen" }, log, entry);
  const root = made("div", { className: "dnetlab-terminal", role: "group" }, screen, keys);
  root.dataset.lmSuppressShortcuts = "true"; // JupyterLab's own keys: Ctrl-B, Ctrl-Enter …
  line.setAttribute("aria-describedby", keys.id);

  let shown = -1; // the number of the last answer in the log
  let waiting = []; // lines that the kernel has not answered yet, as they stand in the log
  let place = null, kept = ""; // where in the earlier lines, and what was typed before going there
  let asked = 0, leaving = false, tabs = 0;

  const text = (name) => model.get("labels")[name] || "";
  const history = () => model.get("typed");
  const last = () => { screen.scrollTop = screen.scrollHeight; };

  function piece({ voice, text }) {
    if (voice === "prompt") return made("span", { className: voice }, text);
    const ended = text.endsWith("\n") || !text ? text : `${text}\n`;
    return made("span", { className: voice, lang: ["out", "err", "command"].includes(voice) ? "en" : model.get("language") }, ended);
  }

  function answers() {
    const found = model.get("answers");
    for (const answer of found) {
      if (answer.number <= shown) continue;
      const echo = waiting.shift();
      const block = made("div", { className: "answer" }, ...answer.pieces.map(piece));
      if (echo) echo.replaceWith(block); else log.append(block);
      shown = answer.number;
    }
    while (log.children.length > KEPT) log.firstChild.remove();
    last();
  }

  function words() {
    root.lang = model.get("language");
    root.setAttribute("aria-label", text("name"));
    log.setAttribute("aria-label", text("name"));
    line.setAttribute("aria-label", text("line"));
    keys.textContent = model.get("closed") ? text("closed") : text("keys");
    prompt.textContent = model.get("prompt");
    entry.hidden = model.get("closed");
  }

  function put(value, at = value.length) {
    line.value = value;
    line.setSelectionRange(at, at);
  }

  function run(command) {
    place = null;
    put("");
    if (!command.trim()) {
      log.append(made("div", { className: "answer" }, made("span", { className: "prompt" }, model.get("prompt")), "\n"));
      last();
      return;
    }
    const echo = made("div", { className: "answer" }, made("span", { className: "prompt" }, model.get("prompt")),
      made("span", { className: "command" }, `${command}\n`), made("span", { className: "lab" }, `${text("running")}\n`));
    waiting.push(echo);
    log.append(echo);
    last();
    model.send({ ask: "run", text: command });
  }

  function leave() { // Ctrl-C: what runs ends, else the line is left as it stands
    if (waiting.length) {
      put("");
      model.send({ ask: "interrupt" });
      return;
    }
    const block = made("div", { className: "answer" }, made("span", { className: "prompt" }, model.get("prompt")),
      made("span", { className: "command" }, `${line.value}^C\n`));
    log.append(block);
    place = null;
    put("");
    last();
  }

  function earlier(step) {
    const typed = history();
    if (place === null) { place = typed.length; kept = line.value; }
    place = Math.max(0, Math.min(typed.length, place + step));
    put(place === typed.length ? kept : typed[place]);
  }

  function ask() {
    asked += 1;
    model.send({ ask: "complete", text: line.value.slice(0, line.selectionStart), number: asked });
  }

  function common(words) {
    let start = words[0];
    for (const word of words) while (!word.startsWith(start)) start = start.slice(0, -1);
    return start;
  }

  function completed(message) {
    if (message.number !== asked || message.choices === undefined) return;
    const { fragment, choices } = message, at = line.selectionStart;
    if (!choices.length) return;
    const one = choices.length === 1, more = one ? `${choices[0]} ` : common(choices);
    if (more.length > fragment.length) {
      put(line.value.slice(0, at - fragment.length) + more + line.value.slice(at), at - fragment.length + more.length);
    }
    if (one) return;
    const head = text("several").replace("{number}", choices.length);
    const shownWords = choices.length > 60 ? [...choices.slice(0, 60), "…"] : choices;
    log.append(made("div", { className: "answer" }, made("span", { className: "lab" }, `${head}\n`), `${shownWords.join("  ")}\n`));
    last();
  }

  // What a line of a terminal has and a text field has not. Ctrl-W is the browser's own.
  const control = {
    a: () => put(line.value, 0), e: () => put(line.value),
    u: () => put(line.value.slice(line.selectionStart), 0), k: () => put(line.value.slice(0, line.selectionStart)),
    l: () => { log.replaceChildren(...waiting); }, p: () => earlier(-1), n: () => earlier(1),
    d: () => { if (!line.value) run("exit"); }, c: leave,
  };

  line.addEventListener("keydown", (event) => {
    event.stopPropagation(); // the notebook's own keys
    if (event.isComposing || event.altKey || event.metaKey) return;
    const copies = event.key === "c" && line.selectionStart !== line.selectionEnd;
    let act = null;
    if (event.ctrlKey && !event.shiftKey && !copies) act = control[event.key];
    else if (event.key === "Enter") act = () => run(line.value);
    else if (event.key === "ArrowUp") act = () => earlier(-1);
    else if (event.key === "ArrowDown") act = () => earlier(1);
    else if (event.key === "Tab" && !event.shiftKey && !leaving && line.value.slice(0, line.selectionStart).trim()) act = ask;
    leaving = event.key === "Escape" || (leaving && event.key === "Shift");
    if (!act) return;
    event.preventDefault();
    act();
  });
  line.addEventListener("paste", (event) => { // several lines are run as a cell is; one is only put in
    const pasted = event.clipboardData.getData("text");
    if (!/[\r\n]/.test(pasted)) return;
    event.preventDefault();
    const whole = line.value.slice(0, line.selectionStart) + pasted.replace(/\r\n?/g, "\n") + line.value.slice(line.selectionEnd);
    run(whole.replace(/\n+$/, ""));
  });
  log.addEventListener("keydown", (event) => event.stopPropagation());
  screen.addEventListener("mouseup", () => {
    if (!String(document.getSelection())) line.focus({ preventScroll: true });
  });

  model.on("change:answers", answers);
  for (const name of ["prompt", "labels", "language", "closed"]) model.on(`change:${name}`, words);
  model.on("change:ran", () => { // a line that ended the terminal has no answer
    if (model.get("closed")) waiting.splice(0).forEach((echo) => echo.remove());
  });
  model.on("msg:custom", completed);
  words();
  answers();
  el.append(root);
  requestAnimationFrame(last);
  return () => {
    model.off("change:answers", answers);
    for (const name of ["prompt", "labels", "language", "closed"]) model.off(`change:${name}`, words);
    model.off("msg:custom", completed);
  };
}

export default { render };
