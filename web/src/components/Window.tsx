// A window over the page; its code is loaded when it is first opened. It stays then, so that it closes as it opened.
import { lazy, Suspense, useState } from "react";
import type { WindowProps } from "./WindowDrawn";

const WindowDrawn = lazy(() => import("./WindowDrawn"));

export function Window(props: WindowProps) {
  const [wasOpen, setWasOpen] = useState(props.isOpen);
  if (props.isOpen && !wasOpen) setWasOpen(true);
  if (!wasOpen) return null;
  return (
    <Suspense fallback={null}>
      <WindowDrawn {...props} />
    </Suspense>
  );
}
