// Which failed requests are worth another try: those that the server did not refuse.
import { RequestError } from "@/api/client";

export function retriesLater(failures: number, error: Error): boolean {
  if (error instanceof RequestError && error.status >= 400 && error.status < 500) return false;
  return failures < 1;
}
