// The addresses of the page. Each view is loaded when it is first asked for.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect, type RouterHistory } from "@tanstack/react-router";
import { compareSearch, frameSearch, listSearch, overviewSearch, parseSearch, sessionsSearch, stringifySearch, traceSearch } from "@/model/address";
import { Frame } from "./Frame";
import { NotFound } from "./NotFound";

const root = createRootRoute({ component: Frame, notFoundComponent: NotFound, validateSearch: frameSearch });

const index = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: ({ search }) => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- the router's way to redirect
    throw redirect({ to: "/traces", search, replace: true });
  },
});

const traces = createRoute({
  getParentRoute: () => root,
  path: "/traces",
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import("@/features/traces/TracesView"), "TracesView"),
});

const trace = createRoute({
  getParentRoute: () => root,
  path: "/traces/$traceId",
  validateSearch: traceSearch,
  component: lazyRouteComponent(() => import("@/features/trace/TraceView"), "TraceView"),
});

const compare = createRoute({
  getParentRoute: () => root,
  path: "/compare",
  validateSearch: compareSearch,
  component: lazyRouteComponent(() => import("@/features/compare/CompareView"), "CompareView"),
});

const sessions = createRoute({
  getParentRoute: () => root,
  path: "/sessions",
  validateSearch: sessionsSearch,
  component: lazyRouteComponent(() => import("@/features/sessions/SessionsView"), "SessionsView"),
});

const overview = createRoute({
  getParentRoute: () => root,
  path: "/overview",
  validateSearch: overviewSearch,
  component: lazyRouteComponent(() => import("@/features/overview/OverviewView"), "OverviewView"),
});

const experiments = createRoute({
  getParentRoute: () => root,
  path: "/experiments",
  component: lazyRouteComponent(() => import("@/features/experiments/ExperimentsView"), "ExperimentsView"),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("@/features/settings/SettingsView"), "SettingsView"),
});

/** A router of its own for each page; tests give it a history that is not the browser's. */
export const makeRouter = (history?: RouterHistory) =>
  createRouter({
    routeTree: root.addChildren([index, traces, trace, compare, sessions, overview, experiments, settings]),
    defaultPreload: "intent",
    parseSearch,
    stringifySearch,
    ...(history && { history }),
  });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
