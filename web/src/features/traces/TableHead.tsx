// The names of the columns; those by which the server can order are buttons.
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { cx } from "@/lib/cx";
import { useSpeech } from "@/lib/i18n/language";
import type { ListSearch, OrderField } from "@/model/address";
import styles from "./TraceTable.module.css";

type Order = ListSearch["order"];

interface Props {
  order: Order;
  onOrder: (order: Order) => void;
}

export function TableHead({ order, onOrder }: Props) {
  const { t } = useSpeech();
  const head = { order, onOrder };
  return (
    <div role="row" className={styles.head}>
      <Sortable {...head} field="timestamp" name={t.time} />
      <span role="columnheader">{t.nameAndWords}</span>
      <span role="columnheader">{t.model}</span>
      <Sortable {...head} field="execution_time" name={t.latency} isRight />
      <span role="columnheader" className={styles.right}>{t.firstToken}</span>
      <Sortable {...head} field="total_tokens" name={t.tokens} isRight />
      <Sortable {...head} field="cost" name={t.cost} isRight />
    </div>
  );
}

function Sortable({ field, name, isRight = false, order, onOrder }: Props & { field: OrderField; name: string; isRight?: boolean }) {
  const { t } = useSpeech();
  const isTime = field === "timestamp";
  // Without an order of its own the list is newest first.
  const [by, direction] = (order ?? "timestamp DESC").split(" ");
  const isOwn = by === field;
  const next = (): Order => {
    if (!isOwn) return isTime ? undefined : `${field} DESC`;
    if (direction === "DESC") return `${field} ASC`;
    return undefined;
  };
  const Arrow = direction === "ASC" ? IconArrowUp : IconArrowDown;
  return (
    <span
      role="columnheader"
      aria-sort={isOwn ? (direction === "ASC" ? "ascending" : "descending") : "none"}
      className={cx(isRight && styles.right)}
    >
      <button type="button" className={styles.sort} data-tip={t.orderBy(name)} onClick={() => onOrder(next())}>
        {name}
        {isOwn && <Arrow size={12} stroke={2} aria-hidden />}
      </button>
    </span>
  );
}
