// Screenshots of every view from the built page and the mock server: `npm run build && npm run shots`.
// They go to $SHOTS (/tmp/shots); ONLY=<part of a name> takes some of them. Page errors fail the run.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const OUT = process.env.SHOTS ?? "/tmp/shots";
const ONLY = process.env.ONLY ?? "";
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const SIZES = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

function serve(port, environment = {}) {
  const child = spawn(process.execPath, [fileURLToPath(new URL("mock-server.mjs", import.meta.url))], { env: { ...process.env, PORT: String(port), ...environment }, stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve) => child.stdout.once("data", () => resolve(child)));
}

const servers = await Promise.all([serve(5921), serve(5922, { MOCK_ROWS: "0" }), serve(5923, { MOCK_FAIL: "/api/traces" })]);
const full = "http://127.0.0.1:5921";
const { traces } = await (await fetch(`${full}/api/traces?limit=20`)).json();
const idOf = (name, words = "") => traces.find((row) => row.name.startsWith(name) && (row.request_preview ?? "").startsWith(words)).trace_id;
const trace = (name, words, search = "") => `${full}/traces/${idOf(name, words)}${search}`;

const unfold = async (page) => {
  for (const name of [/get_weather \{/, /Reasoning/]) await page.getByRole("button", { name }).first().click();
};
const VIEWS = {
  list: { url: `${full}/traces` },
  facets: { url: `${full}/traces?filter=status = 'ERROR'`, act: (page) => page.getByRole("button", { name: "Facets" }).click() },
  completion: { url: `${full}/traces`, act: async (page) => { await page.keyboard.press("/"); await page.keyboard.type("status = 'ERROR' AND la"); } },
  fault: { url: `${full}/traces?filter=statos = 'ERROR'` },
  "no-match": { url: `${full}/traces?filter=status = 'ERROR' AND latency > 900s&range=7d` },
  found: { url: `${full}/traces?filter="address"&range=24h` },
  experiments: { url: `${full}/experiments` },
  empty: { url: "http://127.0.0.1:5922/traces", wait: 11500 },
  failed: { url: "http://127.0.0.1:5923/traces", wait: 1800 },
  chat: { url: trace("weather_agent", "") },
  "chat-unfolded": { url: trace("weather_agent", ""), act: unfold },
  io: { url: trace("weather_agent", "", "?tab=io") },
  events: { url: trace("weather_agent", "", "?tab=events") },
  attributes: { url: trace("weather_agent", "", "?tab=attributes") },
  error: { url: trace("triage_incident", "") },
  "error-events": { url: trace("triage_incident", "", "?tab=events") },
  cut: { url: trace("chat", "Write the quarterly", "?tab=events") },
  image: { url: trace("chat", "この写真") },
  long: { url: trace("chat", "And what if") },
  research: { url: trace("research_agent", "") },
  keys: { url: `${full}/traces`, act: (page) => page.keyboard.press("?") },
  japanese: { url: trace("weather_agent", ""), language: "ja" },
  "japanese-list": { url: `${full}/traces`, language: "ja" },
};

mkdirSync(OUT, { recursive: true });
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
let faults = 0;
for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"]) {
    for (const [name, view] of Object.entries(VIEWS)) {
      const file = `${name}-${size}-${colorScheme}.png`;
      if (!file.includes(ONLY)) continue;
      const page = await browser.newPage({ viewport, colorScheme, locale: view.language === "ja" ? "ja-JP" : "en-GB" });
      page.on("pageerror", (error) => { faults++; console.error(file, error.message); });
      page.on("console", (message) => {
        if (message.type() === "error" && !/(400|404|500)/.test(message.text())) { faults++; console.error(file, message.text()); }
      });
      await page.goto(view.url);
      await page.waitForTimeout(view.wait ?? 700);
      // On a phone a trace opens at its spans; the shot shows the last one.
      if (size === "phone" && view.url.includes("/traces/") && !["research", "error"].includes(name)) {
        await page.getByRole("treeitem").last().click();
        await page.waitForTimeout(500);
      }
      await view.act?.(page);
      await page.waitForTimeout(250);
      await page.screenshot({ path: `${OUT}/${file}` });
      await page.close();
    }
  }
}
await browser.close();
for (const server of servers) server.kill();
process.exit(faults > 0 ? 1 : 0);
