// The bytes at a path of the server, piece by piece, so that one sees how far it is and can stop.

const PIECE = 4_000_000;

export class RangeFault extends Error {
  constructor(
    /** The HTTP status; 0 where the server did not answer. */
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "RangeFault";
  }
}

/**
 * Reads `size` bytes.
 *
 * @param onProgress told how many bytes have come.
 * @throws RangeFault where the server refuses, or the bytes changed meanwhile.
 */
export async function readRanges(path: string, size: number, onProgress: (done: number) => void): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let etag: string | null = null;
  for (let from = 0; from < size; ) {
    const to = Math.min(from + PIECE, size) - 1;
    const response = await send(path, { range: `bytes=${from}-${to}`, ...(etag !== null && { "if-range": etag }) });
    const piece = new Uint8Array(await response.arrayBuffer());
    // With the whole instead of a part, the bytes are others than before.
    if (response.status !== 206 ? piece.length !== size : piece.length !== to - from + 1) throw new RangeFault(response.status, `${path} changed while it was read.`);
    bytes.set(piece, response.status === 206 ? from : 0);
    etag = response.headers.get("etag");
    from = response.status === 206 ? to + 1 : size;
    onProgress(from);
  }
  return bytes;
}

async function send(path: string, headers: Record<string, string>): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { headers });
  } catch {
    throw new RangeFault(0, "");
  }
  if (!response.ok) throw new RangeFault(response.status, `${response.status} ${response.statusText}`.trim());
  return response;
}
