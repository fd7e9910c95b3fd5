// What the server tells of traces that are new or have changed, gathered so that many a second draw once.
import { useCallback, useEffect, useRef, useState } from "react";
import type { ListAsk } from "@/api/queries";
import { canFollow, followTraces } from "@/api/tail";
import type { TraceRow } from "@/model/trace";

// More than this wait behind "2,000+".
const MOST = 2000;
const DRAW_MS = 250;

interface Told {
  rows: ReadonlyMap<string, TraceRow>;
  /** More were told of than are kept. */
  isCut: boolean;
}

const NOTHING: Told = { rows: new Map(), isCut: false };

export interface Telling extends Told {
  /** Whether the server tells; if not, someone has to look. */
  isTelling: boolean;
  forget: () => void;
  /** Of traces that are no more. */
  drop: (ids: ReadonlySet<string>) => void;
}

export function useTold(ask: ListAsk, isEnabled: boolean, onGap: () => void): Telling {
  const [told, setTold] = useState<Told>(NOTHING);
  const [isTelling, setIsTelling] = useState(false);
  const gap = useRef(onGap);
  useEffect(() => {
    gap.current = onGap;
  });
  useEffect(() => {
    if (!isEnabled || !canFollow()) return;
    let gathered: TraceRow[] = [];
    let timer: number | undefined;
    const draw = () => {
      timer = undefined;
      const news = gathered;
      gathered = [];
      setTold((before) => added(before, news));
    };
    const stop = followTraces(ask, {
      onTrace: (row) => {
        gathered.push(row);
        timer ??= window.setTimeout(draw, DRAW_MS);
      },
      onGap: () => gap.current(),
      onState: setIsTelling,
    });
    return () => {
      stop();
      window.clearTimeout(timer);
      setTold(NOTHING);
      setIsTelling(false);
    };
  }, [ask, isEnabled]);
  const forget = useCallback(() => setTold(NOTHING), []);
  const drop = useCallback(
    (ids: ReadonlySet<string>) =>
      setTold((before) => ({ ...before, rows: new Map([...before.rows].filter(([id]) => !ids.has(id))) })),
    [],
  );
  return { ...told, isTelling, forget, drop };
}

function added(before: Told, news: readonly TraceRow[]): Told {
  const rows = new Map(before.rows);
  for (const row of news) rows.set(row.id, row);
  if (rows.size <= MOST) return { rows, isCut: before.isCut };
  return { rows: new Map([...rows].slice(-MOST)), isCut: true };
}
