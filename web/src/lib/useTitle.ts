// The title of the browser's tab, while a view is open.
import { useEffect } from "react";

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Outcrop`;
    return () => {
      document.title = "Outcrop";
    };
  }, [title]);
}
