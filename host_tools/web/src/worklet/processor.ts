// The module as an AudioWorklet: blocks of 48 frames out of the browser's quanta, the panel once a block, the link
// whenever bytes come. Nothing is allocated while nothing but sound moves.
import { PANEL } from "../../generated/panel";
import { KWeighting } from "../audio/k_weighting";
import { BLOCK_FRAMES, Board, STATUS_WORDS, type FirstPresets } from "./board";
import { CvSource } from "./cv";
import type { FromWorklet, Meters, Options, PanelMove, ToWorklet } from "./messages";
import { codeOfKnob, codeOfVolts } from "./panel_codes";
import { Resampler } from "./resampler";

const MODULE_RATE = 48000;
const KNOBS = PANEL.knobs.length;
const CVS = PANEL.cvs.length;
const METER_BLOCKS = 33;
const IDLE_TURNS = 4; // of the main loop, a block: it is quick where there is nothing to do
const QUEUE = 4096; // frames; a power of two

/** Where samples wait. */
class Fifo {
  private readonly samples = new Float32Array(QUEUE);
  private first = 0;
  count = 0;

  put(sample: number): void {
    if (this.count === QUEUE) return;
    this.samples[(this.first + this.count) & (QUEUE - 1)] = sample;
    this.count++;
  }

  take(): number {
    if (this.count === 0) return 0;
    const sample = this.samples[this.first]!;
    this.first = (this.first + 1) & (QUEUE - 1);
    this.count--;
    return sample;
  }
}

function int16(sample: number): number {
  const scaled = Math.round(sample * 32768);
  return scaled > 32767 ? 32767 : scaled < -32768 ? -32768 : scaled;
}

class ModuleProcessor extends AudioWorkletProcessor {
  private readonly board: Board;
  private readonly knobs = new Float64Array(KNOBS).fill(0.5);
  private readonly jacks = Array.from({ length: CVS }, (_, i) => new CvSource(i + 1));
  private readonly volts = new Float64Array(CVS);
  private readonly out = [new Fifo(), new Fifo()] as const;
  private readonly weightedIn = new KWeighting();
  private readonly weightedOut = new KWeighting();
  private readonly resampling: { into: Resampler[]; outOf: Resampler[] } | null;
  private readonly putIn: ((sample: number) => void)[];
  private readonly putOut: ((sample: number) => void)[];
  private readonly between = [new Fifo(), new Fifo()] as const;
  private script: PanelMove[] | null;
  private filled = 0;
  private blocks = 0;
  private sumIn = 0;
  private sumOut = 0;
  private measured = 0;
  private meterAt = METER_BLOCKS;

  constructor(options: { processorOptions: Options }) {
    super();
    const { wasm, model, presets, flash, script } = options.processorOptions;
    this.script = script === null ? null : [...script];
    this.board = new Board(wasm, {
      send: (bytes) => this.say({ kind: "link", bytes: bytes.slice() }),
      reboot: (into) => this.say({ kind: "reboot", into }),
    });
    this.board.powerUp(this.board.put(new Uint8Array(model)), presets, flash === null ? null : new Uint8Array(flash));
    const same = sampleRate === MODULE_RATE;
    const pair = (from: number, to: number) => [new Resampler(from, to), new Resampler(from, to)];
    this.resampling = same ? null : { into: pair(sampleRate, MODULE_RATE), outOf: pair(MODULE_RATE, sampleRate) };
    this.putIn = this.between.map((fifo) => (sample) => fifo.put(sample));
    this.putOut = this.out.map((fifo) => (sample) => fifo.put(sample));
    const ahead = same ? 32 : 96; // so that a quantum never waits for a block
    for (let i = 0; i < ahead; i++) for (const fifo of this.out) fifo.put(0);
    this.port.onmessage = (event: MessageEvent<ToWorklet>) => this.hear(event.data);
  }

  private say(message: FromWorklet): void {
    this.port.postMessage(message);
  }

  private hear(message: ToWorklet): void {
    try {
      if (message.kind === "knob") this.knobs[message.index] = message.turn;
      else if (message.kind === "patch") this.jacks[message.jack]!.patch = message.patch;
      else if (message.kind === "switches") this.board.exports.switches(+message.gate, +message.button);
      else if (message.kind === "link") this.listen(message.bytes);
      else if (message.kind === "flash") this.say({ kind: "flash", bytes: this.board.flash().slice() });
      else this.power(message.model, message.presets, message.keepFlash);
    } catch (error) {
      this.say({ kind: "failed", why: error instanceof Error ? error.message : String(error) });
    }
  }

  private power(model: ArrayBuffer, presets: FirstPresets | null, keepFlash: boolean): void {
    const flash = keepFlash ? this.board.flash().slice() : null;
    this.board.powerUp(this.board.put(new Uint8Array(model)), presets, flash);
  }

  /** The link's bytes: worked on at once, frame by frame, with the main loop's turn behind each. */
  private listen(bytes: Uint8Array): void {
    const { exports } = this.board;
    const room = exports.link_bytes();
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + room);
      new Uint8Array(exports.memory.buffer).set(part, exports.link_in());
      for (let done = 0; done < part.length; ) {
        done += exports.receive(exports.link_in() + done, part.length - done);
        exports.idle();
      }
      at += part.length;
    }
    this.board.look();
  }

  private readPanel(loudest: number): void {
    const { codes } = this.board;
    if (this.script !== null) {
      while (this.script.length > 0 && this.script[0]!.block <= this.blocks) codes.set(this.script.shift()!.codes);
      return;
    }
    for (let i = 0; i < KNOBS; i++) codes[i] = codeOfKnob(this.knobs[i]!);
    for (let i = 0; i < CVS; i++) {
      this.volts[i] = this.jacks[i]!.next(loudest);
      codes[KNOBS + i] = codeOfVolts(this.volts[i]!);
    }
  }

  /** A block is full: the audio interrupt, then the main loop. */
  private block(): void {
    const { board } = this;
    const { audioIn, audioOut } = board;
    let loudest = 0;
    for (let i = 0; i < BLOCK_FRAMES; i++) {
      const x = audioIn[i]! / 32768;
      loudest = Math.max(loudest, Math.abs(x));
      this.sumIn += this.weightedIn.next(x) ** 2;
    }
    this.readPanel(loudest);
    board.exports.audio();
    for (let i = 0; i < BLOCK_FRAMES; i++) {
      const left = audioOut[i]! / 32768;
      const right = audioOut[BLOCK_FRAMES + i]! / 32768;
      this.sumOut += this.weightedOut.next(left) ** 2;
      if (this.resampling === null) {
        this.out[0].put(left);
        this.out[1].put(right);
      } else {
        this.resampling.outOf[0]!.push(left, this.putOut[0]!);
        this.resampling.outOf[1]!.push(right, this.putOut[1]!);
      }
    }
    for (let i = 0; i < IDLE_TURNS; i++) board.exports.idle();
    board.look();
    this.measured += BLOCK_FRAMES;
    this.blocks++;
    if (--this.meterAt === 0) this.meter();
  }

  private meter(): void {
    const { exports } = this.board;
    this.meterAt = METER_BLOCKS;
    const { buffer } = exports.memory;
    const status = Array.from(new Int32Array(buffer, exports.status(), STATUS_WORDS));
    const meters: Meters = {
      kind: "meters",
      leds: Array.from(new Uint8Array(buffer, exports.leds(), 4)),
      status,
      position: Array.from(new Int16Array(buffer, exports.position(), status[STATUS_WORDS - 1]!)),
      volts: Array.from(this.volts),
      heard: [this.sumIn, this.sumOut, this.measured],
      blocks: this.blocks,
      flashChanges: exports.flash_changes(),
    };
    this.sumIn = this.sumOut = this.measured = 0;
    this.say(meters);
  }

  private take(left: number, right: number): void {
    this.board.audioIn[this.filled] = int16(left);
    this.board.audioIn[BLOCK_FRAMES + this.filled] = int16(right);
    if (++this.filled < BLOCK_FRAMES) return;
    this.filled = 0;
    this.block();
  }

  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const input = inputs[0]!;
    const output = outputs[0]!;
    const left = input[0];
    const right = input[1] ?? left; // the right jack is normalled to the left one
    const frames = output[0]!.length;
    for (let i = 0; i < frames; i++) {
      const l = left === undefined ? 0 : left[i]!;
      const r = right === undefined ? 0 : right[i]!;
      if (this.resampling === null) {
        this.take(l, r);
      } else {
        this.resampling.into[0]!.push(l, this.putIn[0]!);
        this.resampling.into[1]!.push(r, this.putIn[1]!);
        while (this.between[0].count > 0 && this.between[1].count > 0) {
          this.take(this.between[0].take(), this.between[1].take());
        }
      }
    }
    for (let i = 0; i < frames; i++) {
      output[0]![i] = this.out[0].take();
      if (output.length > 1) output[1]![i] = this.out[1].take();
      else this.out[1].take();
    }
    return true;
  }
}

registerProcessor("gritspace-module", ModuleProcessor);
