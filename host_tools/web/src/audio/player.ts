// The sound of the page: what is heard goes through the module's worklet, beside it the dry sound and the device's own.
import processorUrl from "../worklet/processor.ts?worker&url";
import type { Line } from "../link/client";
import type { FirstPresets } from "../worklet/board";
import type { FromWorklet, Meters, Options, PanelMove, ToWorklet } from "../worklet/messages";
import { WeightedRound } from "./k_weighting";

export type Listening = "module" | "bypass" | "device";

const MODULE_RATE = 48000;
const REMEMBERED_SECONDS = 4; // of loudness, for matching levels
const LEAST_SECONDS = 0.5; // before that, levels stay as they are
const MAX_GAIN = 16;
const WAKES_MS = 4000;
const FADE_SECONDS = 0.01;

/** The module in this page, at the other end of a worklet's port. */
class WorkletLine implements Line {
  readonly name = "the module in this page";
  onBytes: (bytes: Uint8Array) => void = () => {};
  onClosed: (why: string) => void = () => {};

  constructor(private readonly port: MessagePort) {}

  send(bytes: Uint8Array): void {
    this.port.postMessage({ kind: "link", bytes } satisfies ToWorklet);
  }

  async close(): Promise<void> {}
}

export class Player {
  readonly line: WorkletLine;
  readonly analyser: AnalyserNode;
  onMeters: (meters: Meters) => void = () => {};
  onReboot: (into: number) => void = () => {};
  onFailed: (why: string) => void = () => {};
  /** Levels are matched: all that can be listened to is as loud as the module. */
  matched = true;
  private readonly input: GainNode;
  private readonly ways: Record<Listening, GainNode>;
  private listening: Listening = "module";
  private source: AudioNode | null = null;
  private stream: MediaStream | null = null;
  private device: { node: AudioBufferSourceNode; loudness: WeightedRound } | null = null;
  private started = 0; // the context's time at which the loop began
  private heard: [number, number, number][] = [];
  private readonly gains: Record<Listening, number> = { module: 1, bypass: 1, device: 1 };
  private takeFlash: ((bytes: Uint8Array) => void) | null = null;

  private constructor(
    readonly context: AudioContext,
    private readonly node: AudioWorkletNode,
  ) {
    this.line = new WorkletLine(node.port);
    this.input = context.createGain();
    this.analyser = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0.6 });
    this.ways = { module: context.createGain(), bypass: context.createGain(), device: context.createGain() };
    this.input.connect(node).connect(this.ways.module);
    this.input.connect(this.ways.bypass);
    for (const way of Object.values(this.ways)) way.connect(this.analyser);
    this.analyser.connect(context.destination);
    node.port.onmessage = (event: MessageEvent<FromWorklet>) => this.hear(event.data);
    node.onprocessorerror = () => this.onFailed("the module in this page has crashed: reload the page");
    this.mix();
  }

  /** Makes the module; no sound yet. Throws an Error where the browser has no AudioWorklet. */
  static async make(wasm: ArrayBuffer, model: ArrayBuffer, presets: FirstPresets): Promise<Player> {
    const context = new AudioContext({ sampleRate: MODULE_RATE, latencyHint: "interactive" });
    return new Player(context, await moduleNode(context, { wasm, model, presets, flash: null, script: null }));
  }

  private hear(message: FromWorklet): void {
    if (message.kind === "link") this.line.onBytes(message.bytes);
    else if (message.kind === "reboot") this.onReboot(message.into);
    else if (message.kind === "failed") this.onFailed(message.why);
    else if (message.kind === "flash") this.takeFlash?.(message.bytes);
    else {
      this.heard.push(message.heard);
      let frames = this.heard.reduce((sum, [, , count]) => sum + count, 0);
      while (frames > REMEMBERED_SECONDS * MODULE_RATE) frames -= this.heard.shift()![2];
      this.mix();
      this.onMeters(message);
    }
  }

  say(message: ToWorklet): void {
    this.node.port.postMessage(message);
  }

  /** What the module's flash holds. */
  flash(): Promise<Uint8Array> {
    return new Promise((done) => {
      this.takeFlash = done;
      this.say({ kind: "flash" });
    });
  }

  get playing(): boolean {
    return this.source !== null && this.context.state === "running";
  }

  /** Sound begins. A browser without a loudspeaker may wait for one without a word. */
  private async wake(): Promise<void> {
    const late = setTimeout(() => this.onFailed("the browser gives no sound yet: is there a loudspeaker or headphones?"), WAKES_MS);
    await this.context.resume();
    clearTimeout(late);
  }

  /** Plays a clip round and round, from its beginning. */
  async playLoop(clip: AudioBuffer): Promise<void> {
    await this.wake();
    this.stop();
    const node = new AudioBufferSourceNode(this.context, { buffer: clip, loop: true });
    node.connect(this.input);
    this.started = this.context.currentTime;
    node.start(this.started);
    this.source = node;
    this.heard = [];
    if (this.device !== null) this.setDevice(this.device.node.buffer);
  }

  /** The microphone or interface, without the browser's voice processing. Rejects where it is refused. */
  async playInput(): Promise<void> {
    const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    await this.wake();
    this.stop();
    this.stream = stream;
    this.source = this.context.createMediaStreamSource(stream);
    this.source.connect(this.input);
  }

  stop(): void {
    if (this.source instanceof AudioBufferSourceNode) this.source.stop();
    this.source?.disconnect();
    this.source = null;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
  }

  /** The device's own sound of the loop that plays, as long as it; null: there is none. Levels are matched over the
   * same seconds of both. */
  setDevice(clip: AudioBuffer | null): void {
    this.device?.node.stop();
    this.device?.node.disconnect();
    this.device = null;
    if (clip === null) {
      if (this.listening === "device") this.listen("module");
      return;
    }
    const node = new AudioBufferSourceNode(this.context, { buffer: clip, loop: true });
    node.connect(this.ways.device);
    const into = (this.context.currentTime - this.started) % clip.duration;
    node.start(0, into);
    this.heard = [];
    this.device = { node, loudness: new WeightedRound(clip.getChannelData(0), clip.sampleRate) };
    this.mix();
  }

  get hasDevice(): boolean {
    return this.device !== null;
  }

  listen(to: Listening): void {
    this.listening = to;
    this.mix();
  }

  /** The factor that makes a way as loud as the module is, over the last seconds. */
  gainOf(way: Listening): number {
    if (!this.matched || way === "module") return 1;
    const sum = (i: 0 | 1 | 2) => this.heard.reduce((total, one) => total + one[i], 0);
    const frames = sum(2);
    if (frames < LEAST_SECONDS * MODULE_RATE) return this.gains[way];
    const module = sum(1) / frames;
    const now = this.context.currentTime - this.started;
    const other = way === "bypass" ? sum(0) / frames : (this.device?.loudness.meanSquare(now, frames / MODULE_RATE) ?? 0);
    if (module <= 1e-12 || other <= 1e-12) return 1;
    this.gains[way] = Math.min(MAX_GAIN, Math.sqrt(module / other));
    return this.gains[way];
  }

  private mix(): void {
    const now = this.context.currentTime;
    for (const [name, way] of Object.entries(this.ways) as [Listening, GainNode][]) {
      way.gain.setTargetAtTime(name === this.listening ? this.gainOf(name) : 0, now, FADE_SECONDS);
    }
  }
}

async function moduleNode(context: BaseAudioContext, options: Options): Promise<AudioWorkletNode> {
  if (context.audioWorklet === undefined) {
    throw new Error("this browser gives no AudioWorklet: it wants https or localhost, and a browser of the last years");
  }
  await context.audioWorklet.addModule(processorUrl);
  return new AudioWorkletNode(context, "gritspace-module", {
    numberOfInputs: 1,
    numberOfOutputs: 1,
    outputChannelCount: [2],
    processorOptions: options,
  });
}

/** The module over a clip, not in real time: what it puts out, left and right. For tests and for keeping a sound. */
export async function render(
  wasm: ArrayBuffer,
  model: ArrayBuffer,
  clip: Float32Array[],
  script: PanelMove[],
  rate = MODULE_RATE,
): Promise<Float32Array[]> {
  const frames = clip[0]!.length;
  const context = new OfflineAudioContext(2, frames, rate);
  const buffer = context.createBuffer(clip.length, frames, rate);
  clip.forEach((channel, i) => buffer.copyToChannel(channel as Float32Array<ArrayBuffer>, i));
  const node = await moduleNode(context, { wasm, model, presets: null, flash: null, script });
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(node).connect(context.destination);
  source.start();
  const out = await context.startRendering();
  return [out.getChannelData(0), out.getChannelData(1)];
}
