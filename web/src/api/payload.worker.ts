// Reads a part of a payload by ranges and answers for its rows: many megabytes are parsed and searched here, so that
// the page never stands still.
import { JsonViewer } from "@/model/jsonViewer";
import type { FromWorker, ToWorker } from "./payloadMessages";
import { RangeFault, readRanges } from "./ranges";

const scope = globalThis as unknown as {
  postMessage: (message: FromWorker) => void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};

let viewer: JsonViewer | null = null;
let turn = 0;

async function load(path: string, size: number): Promise<void> {
  try {
    const bytes = await readRanges(path, size, (done) => scope.postMessage({ kind: "progress", done }));
    viewer = new JsonViewer(sourceOf(new TextDecoder().decode(bytes)));
    scope.postMessage({ kind: "ready", state: viewer.state() });
  } catch (cause) {
    const status = cause instanceof RangeFault ? cause.status : 0;
    scope.postMessage({ kind: "failed", status, message: cause instanceof Error ? cause.message : String(cause) });
  }
}

function sourceOf(text: string): { value?: unknown; text: string } {
  try {
    return { value: JSON.parse(text) as unknown, text };
  } catch {
    // What was captured need not be JSON; then it is shown as it is.
    return { text };
  }
}

scope.onmessage = ({ data }) => {
  if (data.kind === "load") {
    void load(data.path, data.size);
    return;
  }
  if (!viewer) return;
  switch (data.kind) {
    case "act":
      viewer.act(data.act);
      turn += 1;
      scope.postMessage({ kind: "state", state: viewer.state(), turn });
      break;
    case "rows":
      scope.postMessage({ kind: "rows", from: data.from, rows: viewer.rows(data.from, data.to), turn: data.turn });
      break;
    case "lines":
      scope.postMessage({ kind: "lines", from: data.from, lines: viewer.rawRows(data.from, data.to), turn: data.turn });
      break;
    case "whole":
      scope.postMessage({ kind: "whole", text: data.path ? viewer.whole(data.path) : viewer.all(), ask: data.ask });
  }
};
