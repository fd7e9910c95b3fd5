// Where the page starts: providers around the router.
// Styles first: what a component's own module says comes after them.
import "./mantine.css";
import "./tokens.css";
import "./global.css";
import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { TipLayer } from "@/components/TipLayer";
import { LanguageProvider } from "@/lib/i18n/language";
import { askEarly } from "./askEarly";
import { retriesLater } from "./retry";
import { makeRouter } from "./router";
import { leadToSignIn } from "./signIn";
import { theme } from "./theme";

const queries = new QueryClient({
  queryCache: new QueryCache({ onError: (error) => leadToSignIn(error) }),
  defaultOptions: { queries: { staleTime: 10_000, retry: retriesLater, refetchOnWindowFocus: false } },
});
const asked = askEarly(queries, window.location);
const router = makeRouter();
const colours = localStorageColorSchemeManager({ key: "outcrop.theme" });

const place = document.getElementById("root");
if (!place) throw new Error("index.html has no #root");
const root = createRoot(place);

const page = (
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={colours}>
      <LanguageProvider>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
        <TipLayer />
      </LanguageProvider>
    </MantineProvider>
  </StrictMode>
);

// Drawn once with all that it shows, a page is there sooner than frame, view and answers one after the other. Who has
// a slow way to the server sees the frame meanwhile.
const SOON_MS = 120;
const soon = new Promise((resolve) => window.setTimeout(resolve, SOON_MS));
void Promise.race([Promise.all([router.load(), asked]), soon]).then(() => root.render(page));
