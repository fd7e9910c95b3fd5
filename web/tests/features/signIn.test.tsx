// @vitest-environment jsdom
import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { RequestError } from "@/api/client";
import { leadToSignIn } from "@/app/signIn";
import { renderPage } from "../page";

const session = { name: "ann", role: "read", experiments: null, is_anonymous: false, has_session: true };

test("whoever is not known is led to the sign-in page and back to where they were", () => {
  const assign = vi.fn<(url: string | URL) => void>();
  const place = { pathname: "/traces/abc", search: "?tab=chat&x=1", assign };
  leadToSignIn(new RequestError("", 403), place);
  leadToSignIn(new RequestError("", 0), place);
  leadToSignIn(new Error("401"), place);
  expect(assign).not.toHaveBeenCalled();
  leadToSignIn(new RequestError("", 401), place);
  expect(assign).toHaveBeenCalledWith("/sign-in?next=%2Ftraces%2Fabc%3Ftab%3Dchat%26x%3D1");
});

test("who signed in sees by which name, and the way out", async () => {
  renderPage("/traces", { "/api/session": session, "/api/traces": { traces: [], next_cursor: null }, "/api/experiments": { experiments: [] } });
  await userEvent.click(await screen.findByRole("button", { name: "Signed in as ann" }));
  expect(await screen.findByText("ann · read")).toBeTruthy();
  expect(await screen.findByRole("menuitem", { name: "Sign out" })).toBeTruthy();
});

test("where nobody is asked to sign in there is no account to show", async () => {
  const { asked } = renderPage("/traces", {
    "/api/session": { ...session, is_anonymous: true, has_session: false },
    "/api/traces": { traces: [], next_cursor: null },
    "/api/experiments": { experiments: [] },
  });
  await screen.findByRole("button", { name: "Theme" });
  await vi.waitFor(() => expect(asked).toHaveBeenCalledWith("/api/session"));
  expect(screen.queryByRole("button", { name: /Signed in/ })).toBeNull();
});
