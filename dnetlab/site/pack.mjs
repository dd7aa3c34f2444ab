// node pack.mjs SITE FILE OUT: packed by zstd, which the Pythons that build a site mostly lack, and the site's own has.
import { readFileSync, writeFileSync } from "node:fs";

const [site, file, out] = process.argv.slice(2);
const { loadPyodide } = await import(`${site}/static/pyodide/pyodide.mjs`);
const python = await loadPyodide({ indexURL: `${site}/static/pyodide/` });
python.FS.writeFile("/plain", readFileSync(file));
python.runPython(`
from compression import zstd

options = {zstd.CompressionParameter.compression_level: 19, zstd.CompressionParameter.window_log: 24}
with open("/plain", "rb") as plain, open("/packed", "wb") as packed:
    packed.write(zstd.compress(plain.read(), options=options))
`);
writeFileSync(out, python.FS.readFile("/packed"));
