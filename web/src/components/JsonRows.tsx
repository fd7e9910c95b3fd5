// The rows of a JSON document: members that fold, or lines of its text.
import { useEffect, useRef, useState } from "react";
import type { JsonDesk } from "@/model/jsonDesk";
import type { ViewerState } from "@/model/jsonViewer";
import styles from "./JsonDocument.module.css";
import { JsonLine, Marked } from "./JsonLine";
import { VirtualRows } from "./VirtualRows";

interface Props {
  desk: JsonDesk;
  state: ViewerState;
}

const NONE: ReadonlyMap<string, string> = new Map();

export function TreeRows({ desk, state, root }: Props & { root: string }) {
  // Long texts that are shown whole, by the row's id.
  const [full, setFull] = useState(NONE);
  const toggleFull = (id: string, path: Parameters<JsonDesk["whole"]>[0]) => {
    if (full.has(id)) {
      setFull(new Map([...full].filter(([each]) => each !== id)));
      return;
    }
    void desk.whole(path).then((text) => setFull((before) => new Map(before).set(id, text)));
  };
  return (
    <VirtualRows
      count={state.count}
      height={24}
      isMeasured
      reveal={state.reveal ?? undefined}
      render={(i) => {
        const row = desk.row(i);
        if (!row) return <div className={styles.waiting} />;
        return (
          <JsonLine
            row={row}
            root={[root]}
            full={full.get(row.id) ?? null}
            length={row.length}
            word={state.word}
            isAt={row.id === state.revealId}
            copyValue={() => desk.whole(row.path)}
            onToggle={() => desk.act({ kind: "toggle", path: row.path })}
            onToggleFull={() => toggleFull(row.id, row.path)}
          />
        );
      }}
    />
  );
}

const LINE = 20;

export function RawRows({ desk, state }: Props) {
  const box = useRef<HTMLDivElement>(null);
  useColumns(box, desk);
  return (
    <div ref={box} className={styles.raw}>
      <VirtualRows
        count={state.count}
        height={LINE}
        reveal={state.reveal ?? undefined}
        render={(i) => <pre className={i === state.reveal ? styles.at : undefined}><Marked text={desk.rawRow(i) ?? ""} word={state.word} /></pre>}
      />
    </div>
  );
}

const PROBE = 50;

/** Tells the desk how many letters a line has room for, and again when that changes. */
function useColumns(box: React.RefObject<HTMLDivElement | null>, desk: JsonDesk): void {
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const probe = document.createElement("span");
    probe.textContent = "0".repeat(PROBE);
    probe.className = styles.probe ?? "";
    element.append(probe);
    const letter = probe.getBoundingClientRect().width / PROBE;
    probe.remove();
    let known = 0;
    const measure = () => {
      const columns = letter > 0 ? Math.floor(element.clientWidth / letter) : 0;
      if (columns === 0 || columns === known) return;
      known = columns;
      desk.act({ kind: "columns", columns });
    };
    measure();
    if (typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [box, desk]);
}
