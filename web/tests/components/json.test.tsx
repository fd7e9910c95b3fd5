// @vitest-environment jsdom
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { JsonDocument } from "@/components/JsonDocument";
import { localDesk } from "@/model/jsonDesk";
import { ScrollPane } from "@/components/VirtualRows";

const show = (value: unknown) =>
  render(
    <ScrollPane>
      <JsonDocument title="Inputs" root="inputs" desk={value === null ? null : localDesk(value)} />
    </ScrollPane>,
  );

test("members fold and unfold, and say what they hold when folded", async () => {
  const user = userEvent.setup();
  show({ config: { temperature: 0.2 } });
  expect(screen.getByText("temperature")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: /config/ }));
  expect(screen.queryByText("temperature")).toBeNull();
  expect(screen.getByText("{temperature: 0.2}")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Unfold" }));
  expect(screen.getByText("temperature")).toBeTruthy();
});

test("a long text is cut until it is asked for", async () => {
  show({ text: `${"word ".repeat(100)}END` });
  expect(screen.queryByText(/END/)).toBeNull();
  await userEvent.setup().click(screen.getByRole("button", { name: "Show all (503)" }));
  expect(screen.getByText(/END/)).toBeTruthy();
});

test("of a hundred thousand items only those in sight are rendered", async () => {
  show({ items: Array.from({ length: 100_000 }, (_, i) => i) });
  const list = screen.getByRole("button", { name: /items.*100,000 items/ });
  await userEvent.setup().click(list);
  expect(document.querySelectorAll("[data-index]").length).toBeLessThan(100);
});

test("values and paths can be copied, and the raw text can be seen", async () => {
  const user = userEvent.setup();
  const written = vi.spyOn(navigator.clipboard, "writeText");
  show({ messages: [{ role: "user" }] });
  const paths = screen.getAllByRole("button", { name: "Copy path" });
  await user.click(paths.at(-1) ?? document.body);
  expect(written).toHaveBeenCalledWith("inputs.messages[0].role");
  await user.click(screen.getByRole("button", { name: "Raw" }));
  expect(screen.getByText('"role": "user"')).toBeTruthy();
});

test("texts that look like something else keep their quotes, and bytes are sizes", () => {
  show({ a: "5", b: 5, c: "", d: { $bytes: 1840 } });
  expect(screen.getByText('"5"')).toBeTruthy();
  expect(screen.getByText("5")).toBeTruthy();
  expect(screen.getByText('""')).toBeTruthy();
  expect(screen.getByText("1.8 kB, binary")).toBeTruthy();
});

test("nothing captured is said", () => {
  show(null);
  expect(screen.getByText("Nothing was captured")).toBeTruthy();
});
