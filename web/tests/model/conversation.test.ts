import { describe, expect, test } from "vitest";
import { plainResponse, readConversation, responseItems } from "@/model/conversation";
import { foldTurns } from "@/model/foldTurns";
import { mediaFileName } from "@/model/mediaFile";
import { call, chat, message, result, text } from "../make";

describe("tool calls and results", () => {
  test("a result stands beside its call, and its message goes", () => {
    const { sent } = readConversation(chat([message("user", text("hi")), message("assistant", call("1", "get")), message("user", result("1", "sunny"))]));
    expect(sent.map(({ role }) => role)).toEqual(["user", "assistant"]);
    expect(sent[1]?.items[0]).toMatchObject({ kind: "call", call: { name: "get" }, result: { response: "sunny", isFailure: false } });
  });

  test("parallel calls take their own results, whatever the order", () => {
    const { sent } = readConversation(chat([message("assistant", call("a", "x"), call("b", "y")), message("user", result("b", 2), result("a", 1, "error"))]));
    expect(sent).toHaveLength(1);
    expect(sent[0]?.items).toMatchObject([{ result: { response: 1, isFailure: true } }, { result: { response: 2, isFailure: false } }]);
  });

  test("calls without ids take results without ids, in order", () => {
    const { sent } = readConversation(chat([message("assistant", call(null, "x"), call(null, "x")), message("tool", result(null, 1)), message("tool", result(null, 2))]));
    expect(sent[0]?.items).toMatchObject([{ result: { response: 1 } }, { result: { response: 2 } }]);
  });

  test("a result whose call is not shown stands alone, and words beside a result stay", () => {
    const { sent } = readConversation(chat([message("user", result("gone", "x")), message("assistant", call("1", "get")), message("user", result("1", "y"), text("go on"))]));
    expect(sent.map(({ items }) => items.map(({ kind }) => kind))).toEqual([["result"], ["call"], ["text"]]);
  });

  test("a call in the answer has no result yet, even if an old one has its id", () => {
    const { answer } = readConversation(chat([message("user", result("1", "old"))], [message("assistant", call("1", "get"))]));
    expect(answer[0]?.items[0]).toMatchObject({ kind: "call", call: { origin: "answer" }, result: null });
  });

  test("`result` is read where a sender wrote that instead of `response`", () => {
    const { sent } = readConversation(chat([message("assistant", call("1", "get")), message("tool", { type: "tool_call_response", id: "1", result: "sunny" })]));
    expect(sent[0]?.items[0]).toMatchObject({ result: { response: "sunny" } });
  });
});

describe("parts", () => {
  test("nothing is dropped: what is not known keeps its value", () => {
    const { sent } = readConversation(chat([message("user", { type: "generic", value: { cachePoint: {} } }, { type: "novel", kind: "pending", x: 1 }, { type: "text" })]));
    expect(sent[0]?.items).toEqual([
      { kind: "unknown", value: { cachePoint: {} } },
      { kind: "unknown", value: { type: "novel", kind: "pending", x: 1 } },
      { kind: "unknown", value: { type: "text" } },
    ]);
  });

  test("reasoning may be words or encrypted", () => {
    const { answer } = readConversation(chat([], [message("assistant", { type: "reasoning", content: "hm" }, { type: "reasoning", content: null, redacted: "QUJD" })]));
    expect(answer[0]?.items).toEqual([{ kind: "reasoning", text: "hm", isRedacted: false }, { kind: "reasoning", text: null, isRedacted: true }]);
  });

  test("what a provider's own tool gave stands beside its call, within the answer", () => {
    const { sent, answer } = readConversation(
      chat(
        [message("assistant", call("c1", "get"))],
        [
          message(
            "assistant",
            { type: "server_tool_call", id: "s1", name: "web_search", server_tool_call: { type: "web_search", query: "Oslo" } },
            { type: "server_tool_call_response", id: "s1", server_tool_call_response: { type: "web_search", results: [1] } },
            call("c1", "get"),
            result("c1", "4 °C"),
            call(null, "get"),
            text("Cold."),
          ),
        ],
      ),
    );
    expect(answer[0]?.items).toMatchObject([
      { kind: "call", call: { name: "web_search", arguments: { query: "Oslo" } }, result: { response: { results: [1] } } },
      { kind: "call", call: { id: "c1" }, result: { response: "4 °C" } },
      { kind: "call", call: { id: null }, result: null },
      { kind: "text" },
    ]);
    // A call of before has no result: that of the answer is not its own.
    expect(sent[0]?.items).toMatchObject([{ kind: "call", result: null }]);
  });

  test("media is with the server, elsewhere, or not whole; its address is the server's own", () => {
    const media = (path: string) => ({ path, size_bytes: 4, content_type: "image/png" });
    const image = { type: "blob", modality: "image", mime_type: "image/png", content: null };
    const { sent } = readConversation(
      chat([
        message(
          "user",
          { ...image, media: media("/api/traces/1/spans/2/media/0") },
          { type: "uri", modality: "video", mime_type: null, uri: "s3://b/k" },
          { ...image, content: "AA… (9 more characters)" },
          { ...image, content: "", media: media("//example.com/api/traces/") },
          { type: "blob", modality: "image", content: { own: "form" } },
        ),
      ]),
    );
    expect(sent[0]?.items).toMatchObject([
      { kind: "media", media: { uri: null, held: { path: "/api/traces/1/spans/2/media/0", sizeBytes: 4, contentType: "image/png" } } },
      { kind: "media", media: { modality: "video", uri: "s3://b/k", held: null } },
      { kind: "media", media: { uri: null, held: null } },
      { kind: "media", media: { uri: null, held: null } },
      { kind: "unknown" },
    ]);
  });

  test.each([
    ["report", "application/pdf", "report.pdf"],
    ["report.v2", "text/plain", "report.v2"],
    ["Q3 report", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Q3 report.docx"],
    [null, "audio/mpeg; rate=1", "audio.mp3"],
    [null, "audio/x-wav", "audio.wav"],
    [null, "image/../../x", "audio.bin"],
    [null, null, "audio.bin"],
  ])("%s of %s is saved as %s", (name, mimeType, file) => {
    expect(mediaFileName({ name, modality: "audio", mimeType })).toBe(file);
  });

  test("an answer without parts is kept: nothing came back, and that is said", () => {
    expect(readConversation(chat([], [message("assistant")])).answer).toHaveLength(1);
  });

  test("a tool's response is unwrapped as far as it says the same", () => {
    expect(plainResponse([{ type: "text", content: "sunny" }])).toBe("sunny");
    expect(plainResponse([{ json: { t: 18 } }])).toEqual({ t: 18 });
    expect(plainResponse([{ text: "a" }, { text: "b" }])).toEqual([{ text: "a" }, { text: "b" }]);
    expect(plainResponse({ t: 18 })).toEqual({ t: 18 });
    expect(responseItems([text("a"), { type: "blob", modality: "image", content: "AA==" }])?.map(({ kind }) => kind)).toEqual(["text", "media"]);
    expect(responseItems([{ t: 18 }])).toBeNull();
  });
});

describe("folding", () => {
  const turns = (...roles: string[]) => readConversation(chat(roles.map((role, i) => message(role, text(`${i}`))))).sent;
  const shape = (sent: ReturnType<typeof turns>) => foldTurns(sent).map((section) => (section.kind === "turn" ? section.turn.role : `${section.key} ${section.turns.length}`));

  test("a short conversation is shown whole", () => {
    expect(shape(turns("user", "assistant", "user"))).toEqual(["user", "assistant", "user"]);
  });

  test("what came before the last question folds", () => {
    expect(shape(turns(...Array.from({ length: 30 }, () => ["user", "assistant"]).flat(), "user"))).toEqual(["earlier 60", "user"]);
  });

  test("the question stays in sight however many steps follow it", () => {
    expect(shape(turns("user", ...Array.from({ length: 20 }, () => "assistant")))).toEqual(["user", "between 17", "assistant", "assistant", "assistant"]);
  });

  test("nothing sent, nothing shown", () => {
    expect(foldTurns([])).toEqual([]);
  });
});
