// Columns that are dragged to the place of another, in the head of the list and in the menu of columns.
import { useState, type DragEvent } from "react";
import { movedColumn, type Column, type Layout } from "@/model/columns";

/** Dragging one column to the place of another; what is dropped before which shows as a line. */
export function useDraggedColumns(layout: Layout, onLayout: (layout: Layout) => void) {
  const [dragged, setDragged] = useState<Column | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const end = () => {
    setDragged(null);
    setOver(null);
  };
  const from = layout.columns.findIndex(({ id }) => id === dragged);
  return {
    of: (id: Column, place: number) => ({
      draggable: true,
      "data-dragged": dragged === id || undefined,
      "data-drop": dragged !== null && over === place && place !== from ? (place > from ? "after" : "before") : undefined,
      onDragStart: (event: DragEvent) => {
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", id);
        setDragged(id);
      },
      onDragOver: (event: DragEvent) => {
        if (dragged === null) return;
        event.preventDefault();
        setOver(place);
      },
      onDrop: (event: DragEvent) => {
        event.preventDefault();
        if (dragged !== null) onLayout(movedColumn(layout, dragged, place));
        end();
      },
      onDragEnd: end,
    }),
  };
}
