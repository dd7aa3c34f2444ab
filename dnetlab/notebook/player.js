// `%dnet trace`: journey.js stands in front of this file.
function render({ model, el }) {
  return play(model, el).stop;
}

export default { render };
