import { expect, test, vi } from "vitest";
import { loadPayload, type PayloadLoad, type PayloadWorker } from "@/api/payloadDesk";
import type { FromWorker, ToWorker } from "@/api/payloadMessages";
import { RangeFault, readRanges } from "@/api/ranges";
import { JsonViewer } from "@/model/jsonViewer";

const SIZE = 9_000_000;

function serve(bytes: Uint8Array, tags: readonly string[] = ['"a"']) {
  const asked: (string | null)[] = [];
  vi.stubGlobal("fetch", (_path: string, { headers }: { headers: Record<string, string> }) => {
    const tag = tags[Math.min(asked.length, tags.length - 1)] ?? "";
    asked.push(headers.range ?? null);
    const [, from = "0", to = "0"] = /bytes=(\d+)-(\d+)/.exec(headers.range ?? "") ?? [];
    if (headers["if-range"] !== undefined && headers["if-range"] !== tag) return Promise.resolve(new Response(bytes.slice(0, 5)));
    return Promise.resolve(new Response(bytes.slice(Number(from), Number(to) + 1), { status: 206, headers: { etag: tag } }));
  });
  return asked;
}

test("bytes come in ranges, one after the other, and say how far they are", async () => {
  const bytes = new Uint8Array(SIZE).map((_, i) => i % 251);
  const asked = serve(bytes);
  const progress: number[] = [];
  const read = await readRanges("/part", SIZE, (done) => progress.push(done));
  expect(Buffer.compare(read, bytes)).toBe(0);
  expect(asked).toEqual(["bytes=0-3999999", "bytes=4000000-7999999", "bytes=8000000-8999999"]);
  expect(progress).toEqual([4_000_000, 8_000_000, SIZE]);
});

test("bytes that changed between two ranges are not put together", async () => {
  serve(new Uint8Array(SIZE), ['"a"', '"b"']);
  await expect(readRanges("/part", SIZE, () => undefined)).rejects.toThrow("changed while it was read");
});

test("a refusal and a silent server are told apart", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(null, { status: 404, statusText: "Not Found" })));
  await expect(readRanges("/part", 5, () => undefined)).rejects.toMatchObject({ status: 404 });
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
  await expect(readRanges("/part", 5, () => undefined)).rejects.toEqual(new RangeFault(0, ""));
});

/** A worker in this thread, whose answers come when the test lets them. */
class StubWorker implements PayloadWorker {
  onmessage: PayloadWorker["onmessage"] = null;
  onerror: PayloadWorker["onerror"] = null;
  readonly heard: ToWorker[] = [];
  isEnded = false;
  postMessage = (message: ToWorker) => void this.heard.push(message);
  terminate = () => void (this.isEnded = true);
  say(data: FromWorker): void {
    this.onmessage?.({ data } as MessageEvent<FromWorker>);
  }
}

test("a desk asks its worker for blocks of rows, and shows the old ones until those of a change have come", () => {
  const worker = new StubWorker();
  const viewer = new JsonViewer({ value: { list: Array.from({ length: 300 }, (_, i) => i) } });
  viewer.act({ kind: "openAll" });
  const loads: PayloadLoad[] = [];
  const end = loadPayload("/part", 10, (load) => loads.push(load), () => worker);
  worker.say({ kind: "progress", done: 10 });
  worker.say({ kind: "ready", state: viewer.state() });
  expect(loads.map(({ kind }) => kind)).toEqual(["loading", "ready"]);
  const last = loads.at(-1);
  if (last?.kind !== "ready") throw new Error("not ready");
  const { desk } = last;
  let told = 0;
  desk.subscribe(() => told++);

  expect(desk.row(150)).toBeNull();
  expect(desk.row(151)).toBeNull();
  expect(worker.heard.slice(1)).toEqual([{ kind: "rows", from: 100, to: 200, turn: 0 }]);
  worker.say({ kind: "rows", from: 100, rows: viewer.rows(100, 200), turn: 0 });
  expect([told, desk.row(150)?.value]).toEqual([1, 149]);

  const act = { kind: "toggle", path: ["list"] } as const;
  desk.act(act);
  viewer.act(act);
  worker.say({ kind: "state", state: viewer.state(), turn: 1 });
  expect([desk.state().count, desk.row(0)]).toEqual([1, null]);
  // The old row stands in; an answer to before the change is not taken.
  expect(desk.row(150)?.value).toBe(149);
  worker.say({ kind: "rows", from: 0, rows: [], turn: 0 });
  expect(desk.row(0)).toBeNull();
  worker.say({ kind: "rows", from: 0, rows: viewer.rows(0, 100), turn: 1 });
  expect(desk.row(0)?.id).toBe("list");
  end();
  expect(worker.isEnded).toBe(true);
});

test("texts are asked for whole, and faults are told", async () => {
  const worker = new StubWorker();
  const loads: PayloadLoad[] = [];
  loadPayload("/part", 10, (load) => loads.push(load), () => worker);
  worker.say({ kind: "ready", state: new JsonViewer({ text: "x" }).state() });
  const last = loads.at(-1);
  if (last?.kind !== "ready") throw new Error("not ready");
  const whole = last.desk.whole(["a"]);
  const all = last.desk.all();
  worker.say({ kind: "whole", text: "everything", ask: 2 });
  worker.say({ kind: "whole", text: "one", ask: 1 });
  expect(await Promise.all([whole, all])).toEqual(["one", "everything"]);
  worker.say({ kind: "failed", status: 404, message: "404 Not Found" });
  expect(loads.at(-1)).toMatchObject({ kind: "failed", error: { status: 404 } });
});
