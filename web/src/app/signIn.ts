// Whoever the server does not know, or knows no more, is led to its sign-in page and back to where they were.
import { RequestError } from "@/api/client";

const UNAUTHORIZED = 401;

export function leadToSignIn(error: Error, place: Pick<Location, "pathname" | "search" | "assign"> = window.location): void {
  if (!(error instanceof RequestError) || error.status !== UNAUTHORIZED) return;
  place.assign(`/sign-in?next=${encodeURIComponent(place.pathname + place.search)}`);
}
