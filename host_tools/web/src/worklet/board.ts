// The module's WebAssembly with names and types: what firmware/boards/web exports.

interface Exports {
  memory: WebAssembly.Memory;
  take(bytes: number): number;
  start(): void;
  first_presets(rows: number, sha256: number): void;
  open(blob: number, bytes: number): void;
  audio_in(): number;
  audio_out(): number;
  panel_codes(): number;
  link_in(): number;
  link_bytes(): number;
  switches(gate: number, button: number): void;
  audio(): void;
  receive(at: number, count: number): number;
  idle(): void;
  leds(): number;
  status(): number;
  position(): number;
  flash_memory(): number;
  flash_bytes(): number;
  flash_changes(): number;
  engine_open(blob: number, bytes: number, position: number): number;
  engine_status(): number;
  status_text(status: number): number;
  engine_reset(engine: number, position: number): void;
  engine_set_position(engine: number, position: number): void;
  engine_process(engine: number, input: number, output: number, frames: number): void;
}

export const BLOCK_FRAMES = 48;
export const STATUS_WORDS = 10;

/** What a module that has never kept anything begins with: rows of position and level, for the model of this SHA-256. */
export interface FirstPresets {
  rows: number[][];
  sha256: Uint8Array;
}

const PRESET_NUMBERS = 17;
const END = -1; // a level that ends the rows

export interface Callbacks {
  send(bytes: Uint8Array): void;
  reboot(into: number): void;
}

/** Bytes laid out in the module's memory. They stay there. */
export interface Place {
  at: number;
  bytes: number;
}

export class Board {
  readonly exports: Exports;
  /** One block: left, then right. */
  audioIn!: Int16Array;
  audioOut!: Int16Array;
  codes!: Uint16Array;
  private buffer: ArrayBuffer | null = null;

  /** Compiles at once: for workers and worklets. */
  constructor(wasm: BufferSource, callbacks: Callbacks) {
    const page = {
      send: (at: number, count: number) => callbacks.send(new Uint8Array(this.exports.memory.buffer, at, count)),
      reboot: (into: number) => callbacks.reboot(into),
      clock: () => 0,
    };
    const instance = new WebAssembly.Instance(new WebAssembly.Module(wasm), { page });
    this.exports = instance.exports as unknown as Exports;
    this.look();
  }

  /** Views into memory end when memory grows: call after anything that may have. */
  look(): void {
    const buffer = this.exports.memory.buffer as ArrayBuffer;
    if (buffer === this.buffer) return;
    this.buffer = buffer;
    this.audioIn = new Int16Array(buffer, this.exports.audio_in(), 2 * BLOCK_FRAMES);
    this.audioOut = new Int16Array(buffer, this.exports.audio_out(), 2 * BLOCK_FRAMES);
    this.codes = new Uint16Array(buffer, this.exports.panel_codes(), 11);
  }

  put(bytes: Uint8Array): Place {
    const at = this.exports.take(Math.max(bytes.length, 1));
    if (at === 0) throw new Error("the browser has no more memory");
    this.look();
    new Uint8Array(this.exports.memory.buffer).set(bytes, at);
    return { at, bytes: bytes.length };
  }

  /** Powers up with a factory model and its first presets. flash: what it held last time. */
  powerUp(model: Place, first: FirstPresets | null, flash: Uint8Array | null): void {
    const rows = Int16Array.from([...(first?.rows ?? []), Array<number>(PRESET_NUMBERS).fill(END)].flat());
    const brought = first === null ? null : { rows: this.put(new Uint8Array(rows.buffer)), sha256: this.put(first.sha256) };
    this.exports.first_presets(brought?.rows.at ?? 0, brought?.sha256.at ?? 0);
    this.exports.start();
    if (flash !== null && flash.length === this.exports.flash_bytes()) {
      new Uint8Array(this.exports.memory.buffer).set(flash, this.exports.flash_memory());
    }
    this.exports.open(model.at, model.bytes);
    this.look();
  }

  flash(): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, this.exports.flash_memory(), this.exports.flash_bytes());
  }

  statusText(status: number): string {
    const bytes = new Uint8Array(this.exports.memory.buffer, this.exports.status_text(status), 80);
    let text = "";
    for (const byte of bytes.subarray(0, bytes.indexOf(0))) text += String.fromCharCode(byte);
    return text;
  }
}

/** An engine alone, for what measures and renders. */
export class EngineAlone {
  private readonly engine: number;
  private readonly place: Place;
  private readonly room: number;
  private static readonly CHUNK = 4800;

  /** Throws an Error with the engine's sentence for a model that it refuses. */
  constructor(
    private readonly board: Board,
    model: Uint8Array,
    position: Int16Array | null,
  ) {
    const blob = board.put(model);
    this.place = board.put(new Uint8Array(64));
    const at = position === null ? 0 : this.putPosition(position);
    this.engine = board.exports.engine_open(blob.at, blob.bytes, at);
    if (this.engine === 0) {
      const status = board.exports.engine_status();
      throw new Error(status === 0 ? "the model needs more memory than there is" : board.statusText(status));
    }
    this.room = board.put(new Uint8Array(2 * EngineAlone.CHUNK)).at;
    board.look();
  }

  setPosition(position: Int16Array): void {
    this.board.exports.engine_set_position(this.engine, this.putPosition(position));
  }

  process(input: Int16Array): Int16Array {
    const out = new Int16Array(input.length);
    for (let at = 0; at < input.length; at += EngineAlone.CHUNK) {
      const part = input.subarray(at, at + EngineAlone.CHUNK);
      const view = new Int16Array(this.board.exports.memory.buffer, this.room, part.length);
      view.set(part);
      this.board.exports.engine_process(this.engine, this.room, this.room, part.length);
      out.set(view, at);
    }
    return out;
  }

  private putPosition(position: Int16Array): number {
    new Int16Array(this.board.exports.memory.buffer, this.place.at, position.length).set(position);
    return this.place.at;
  }
}
