"""The tables of the index of words, which `schema` makes. They hold nothing that payloads do not say.

Each day's traces have an index of their own, in that day's partitions: it is dropped with them, and a
search that goes from the newest looks at the newest days alone. A word is a line of a day's vocabulary,
`text_word`: the lines are looked through by the database for what stands within a word. What the index holds
of a trace is the numbers of its words, a chunk's number and a line's within it, in `text_document`.
"""

from __future__ import annotations

# Tables of which each day has a part, named as their parents: made and dropped with the day's traces.
PARTITIONED: tuple[str, ...] = ("text_document", "text_word")
# Of these, the one with rows of traces (`trace_key`, `part`): they go when the trace is deleted, and when it
# moves to another day, whose words have other numbers.
OF_TRACES = "text_document"

# To be raised when words or tables become others: then an index that is there is made anew.
FORMAT = 1
# A chunk of a vocabulary begins with a line end, and each word has one behind it. It has so few bytes that it
# lies in its page as it is, and fewer lines than are numbered.
CHUNK_BYTES = 7_600
LINE_BITS = 12

# Frames of payloads up to `frame_number` are in it, of `span_count` spans together: all of a trace is, where
# that is the trace's own count. `text_state` says up to which change of the history `mark` the index has
# followed, and that of the days before `below` it may lack some.
STEP: tuple[str, ...] = (
    """CREATE TABLE text_document (
        trace_key bigint NOT NULL,
        span_count bigint NOT NULL,
        part integer NOT NULL,
        frame_number integer NOT NULL,
        words integer[] NOT NULL,
        PRIMARY KEY (trace_key, part)
    ) PARTITION BY LIST (part)""",
    "CREATE INDEX text_document_by_word ON text_document USING gin (words)",
    """CREATE TABLE text_word (
        part integer NOT NULL,
        chunk integer NOT NULL,
        words text COLLATE "C" NOT NULL,
        PRIMARY KEY (part, chunk)
    ) PARTITION BY LIST (part)""",
    "ALTER TABLE text_word ALTER COLUMN words SET STORAGE PLAIN",
    """CREATE TABLE text_state (
        format integer NOT NULL,
        mark text COLLATE "C" NOT NULL,
        change bigint NOT NULL,
        below integer NOT NULL
    )""",
)
