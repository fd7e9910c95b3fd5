// Writes openapi.json from the server's own code, for `npm run generate`.
// The Python is $OUTCROP_PYTHON, or the workspace's environment.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const python = process.env.OUTCROP_PYTHON ?? here("../../.venv/bin/python");
const run = spawnSync(python, ["-m", "outcrop_server.api.openapi"], { encoding: "utf8", maxBuffer: 1 << 26 });
if (run.status !== 0) {
  console.error(run.stderr || run.error?.message || `${python} failed`);
  process.exit(1);
}
JSON.parse(run.stdout); // fails here rather than in the generator
writeFileSync(here("../openapi.json"), run.stdout);
