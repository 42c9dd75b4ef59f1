// Models out of files, in a worker: the page goes on meanwhile.
import QuantizerWorker from "./worker?worker";
import type { Answer, Request } from "./worker";

const MAX_MS = 60000;

function ask(request: Request, told: (text: string) => void, signal?: AbortSignal): Promise<Answer> {
  const worker = new QuantizerWorker();
  return new Promise<Answer>((done, failed) => {
    const late = signal !== undefined ? 0 : setTimeout(() => failed(new Error("it takes too long")), MAX_MS);
    signal?.addEventListener("abort", () => failed(new Error("it is no longer wanted")));
    worker.onmessage = (event: MessageEvent<Answer>) => {
      if (event.data.kind === "told") {
        told(event.data.text);
        return;
      }
      clearTimeout(late);
      done(event.data);
    };
    worker.onerror = () => failed(new Error("it could not be read"));
    worker.postMessage(request);
  }).finally(() => worker.terminate());
}

/** A .grit as it is, once the engine has taken it; a .nam quantized. Rejects with a sentence. */
export async function modelOfFile(
  name: string,
  bytes: Uint8Array,
  wasm: ArrayBuffer,
  audio: Float32Array,
  told: (text: string) => void,
): Promise<Uint8Array> {
  const answer = await ask({ kind: "model", name, bytes, wasm, audio }, told);
  if (answer.kind === "model") return answer.bytes;
  throw new Error(answer.kind === "failed" ? answer.why : "it could not be read");
}

/** How many times real time a model runs here. */
export async function speedOf(model: Uint8Array, wasm: ArrayBuffer): Promise<number> {
  const answer = await ask({ kind: "speed", bytes: model, wasm }, () => {});
  if (answer.kind === "speed") return answer.times;
  throw new Error(answer.kind === "failed" ? answer.why : "it could not be measured");
}

/** One round of a clip through a capture's float network. Rejects with a sentence, also when it is no longer wanted. */
export async function originalOf(
  capture: Uint8Array,
  clip: Float32Array,
  told: (text: string) => void,
  signal: AbortSignal,
): Promise<Float32Array<ArrayBuffer>> {
  const answer = await ask({ kind: "original", bytes: capture, audio: clip }, told, signal);
  if (answer.kind === "original") return answer.audio;
  throw new Error(answer.kind === "failed" ? answer.why : "it could not be rendered");
}
