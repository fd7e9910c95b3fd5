// The direction of imports as an ESLint rule:
// app -> features/* -> components, api -> model -> lib. Features know nothing of each other.
import path from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("../src", import.meta.url));
const MAY_IMPORT = {
  app: ["features", "components", "api", "model", "lib"],
  features: ["components", "api", "model", "lib"],
  components: ["model", "lib"],
  api: ["model", "lib"],
  model: ["lib"],
  lib: [],
};

function partsOf(file) {
  const relative = path.relative(SOURCE, file);
  return relative.startsWith("..") ? null : relative.split(path.sep);
}

function resolve(from, request) {
  if (request.startsWith("@/")) return path.join(SOURCE, request.slice(2));
  if (request.startsWith(".")) return path.resolve(path.dirname(from), request);
  return null;
}

function complaint(from, to) {
  const [layer, feature] = from;
  const [wanted, wantedFeature] = to;
  if (layer === "features" && wanted === "features") {
    return feature === wantedFeature ? null : `feature "${feature}" imports feature "${wantedFeature}"`;
  }
  if (layer === wanted || MAY_IMPORT[layer]?.includes(wanted)) return null;
  return `layer "${layer}" imports layer "${wanted}"`;
}

export default {
  meta: { type: "problem", schema: [], messages: { direction: "{{complaint}}; see dev/layers.mjs." } },
  create(context) {
    const from = partsOf(context.filename);
    if (!from) return {};
    const check = (node) => {
      const request = node.source?.value;
      if (typeof request !== "string") return;
      const target = resolve(context.filename, request);
      const to = target && partsOf(target);
      const found = to && complaint(from, to);
      if (found) context.report({ node, messageId: "direction", data: { complaint: found } });
    };
    return { ImportDeclaration: check, ImportExpression: check, ExportNamedDeclaration: check, ExportAllDeclaration: check };
  },
};
