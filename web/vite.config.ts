// How the page is built: into the server's package, so that its wheel carries the page.
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const server = process.env.OUTCROP_SERVER ?? "http://127.0.0.1:5115";
const proxy = { "/api": server, "/v1": server, "/sign-in": server, "/sign-out": server };

// What opens over the page; it is loaded when somebody is about to use it.
const CONTROLS =
  /@floating-ui|remove-scroll|use-sidecar|@mantine\/core\/.*\/(CloseButton|Combobox|FocusTrap|InlineInput|Input|InputBase|Loader|Menu|Modal|ModalBase|Overlay|Paper|Popover|Portal|ScrollArea|Select|Transition)\//;
// A view comes in six files, three of them scripts, not in thirty: to a browser each costs as much time as kilobytes do.
const chunks = [
  { name: "page", tags: ["$initial" as const], priority: 3 },
  { name: "views", minShareCount: 2, test: (id: string) => !CONTROLS.test(id), priority: 2 },
  { name: "controls", test: CONTROLS, priority: 1 },
];

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": here("./src") } },
  build: {
    outDir: here("../server/src/outcrop_server/web/static"),
    emptyOutDir: true,
    // By it the server names what a view needs in the page itself.
    manifest: "chunks.json",
    // The server's Content-Security-Policy allows no data: scripts or fonts; keep every asset a file.
    assetsInlineLimit: 0,
    // Browsers that know light-dark(): both themes come from one set of tokens.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    rolldownOptions: { output: { codeSplitting: { groups: chunks } } },
  },
  server: { proxy },
  preview: { proxy },
  test: {
    // Tests that need a document ask for jsdom in their first line.
    environment: "node",
    include: ["tests/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    // Modules are loaded once for all files, which takes a third of the time: a test leaves their state as it was.
    isolate: false,
    restoreMocks: true,
    unstubGlobals: true,
    // For what hangs: a busy machine takes a few times as long as an idle one.
    testTimeout: 60_000,
  },
});
