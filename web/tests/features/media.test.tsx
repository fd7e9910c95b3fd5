// @vitest-environment jsdom
import { fireEvent, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { renderPage, spanDetail, spanSummary, traceAnswers } from "../page";

const PATH = "/api/traces/t1/spans/chat/media";

function blob(number: number, modality: string, mimeType: string | null, contentType: string, more: Record<string, unknown> = {}) {
  return { type: "blob", modality, mime_type: mimeType, content: null, media: { path: `${PATH}/${number}`, size_bytes: 2048, content_type: contentType }, ...more };
}

async function show(...parts: Record<string, unknown>[]) {
  const span = spanDetail(spanSummary("chat", null, "CHAT_MODEL", 1000), {
    chat: { system: [], tools: [], parameters: {}, messages: [{ role: "user", parts: [...parts, { type: "text", content: "Look." }] }], output: [] },
  });
  renderPage("/traces/t1", traceAnswers(span));
  await screen.findByText("Look.");
}

const downloads = () => screen.getAllByRole("link", { name: /Download$/ }).map((link) => [link.getAttribute("href"), link.getAttribute("download")]);

test("pictures are shown, sound and video are played, each from the server, and all are to download", async () => {
  await show(blob(0, "image", "image/png", "image/png"), blob(1, "audio", "audio/x-wav", "audio/wav"), blob(2, "video", "video/mp4", "video/mp4", { name: "walk" }));
  expect(screen.getByAltText<HTMLImageElement>("Image").getAttribute("src")).toBe(`${PATH}/0`);
  const [sound, video] = [screen.getByLabelText<HTMLAudioElement>("Audio"), screen.getByLabelText<HTMLVideoElement>("walk")];
  expect([sound.tagName, sound.getAttribute("src"), sound.controls, sound.preload, sound.autoplay]).toEqual(["AUDIO", `${PATH}/1`, true, "metadata", false]);
  expect([video.tagName, video.getAttribute("src"), video.controls, video.preload, video.autoplay]).toEqual(["VIDEO", `${PATH}/2`, true, "metadata", false]);
  expect(downloads()).toEqual([[`${PATH}/0`, "image.png"], [`${PATH}/1`, "audio.wav"], [`${PATH}/2`, "walk.mp4"]]);
  expect(screen.getByText(/^audio\/x-wav · 2/)).toBeTruthy();
});

test("what this browser cannot play says so and is to download still", async () => {
  await show(blob(0, "video", "video/x-matroska", "video/x-matroska"), blob(1, "image", "image/png", "image/png"));
  fireEvent.error(screen.getByLabelText("Video"));
  fireEvent.error(screen.getByAltText("Image"));
  expect(screen.getByText("This browser cannot play it.")).toBeTruthy();
  expect(screen.getByText("This browser cannot show it.")).toBeTruthy();
  expect(document.querySelector("video, figure img")).toBeNull();
  expect(downloads()).toHaveLength(2);
});

test("what might run is never put into the page, and what is not whole says so", async () => {
  await show(
    blob(0, "image", "image/svg+xml", "application/octet-stream"),
    blob(1, "document", "text/html", "application/octet-stream", { name: "page" }),
    blob(2, "video", "text/html", "text/html"),
    { type: "blob", modality: "audio", mime_type: "audio/wav", content: "", left_out: "9,000 characters" },
    { type: "uri", modality: "video", mime_type: null, uri: "s3://bucket/key.mp4" },
  );
  expect(document.querySelector("figure img, audio, video, iframe, object, embed")).toBeNull();
  expect(downloads()).toEqual([[`${PATH}/0`, "image.svg"], [`${PATH}/1`, "page.html"], [`${PATH}/2`, "video.html"]]);
  expect(screen.getByText("audio/wav · Its bytes were not kept whole.")).toBeTruthy();
  expect(screen.getByText("s3://bucket/key.mp4")).toBeTruthy();
});
