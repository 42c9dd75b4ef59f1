// Runs a .grit on int16 audio in Node: node run_engine.mjs MODULE.wasm MODEL.grit AUDIO.i16 OUT.i16 [MOVES.json]
// MOVES.json: [[frame, [numbers of the position]], ...]; a first one at frame 0 is where the engine starts.
import { readFileSync, writeFileSync } from "node:fs";

const [wasm, model, audioFile, outFile, movesFile] = process.argv.slice(2);
const page = { send() {}, reboot() {}, clock: () => 0 };
const { exports: board } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(wasm)), { page });

function put(bytes) {
  const at = board.take(bytes.byteLength);
  new Uint8Array(board.memory.buffer).set(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), at);
  return at;
}

const blob = readFileSync(model);
const moves = movesFile ? JSON.parse(readFileSync(movesFile, "utf8")) : [];
const start = moves.length > 0 && moves[0][0] === 0 ? moves.shift()[1] : null;
const engine = board.engine_open(put(blob), blob.byteLength, start ? put(Int16Array.from(start)) : 0);
if (!engine) {
  console.error(`refused: ${board.engine_status()}`);
  process.exit(2);
}
const audio = readFileSync(audioFile);
const frames = audio.byteLength / 2;
const into = put(audio);
const out = board.take(audio.byteLength);
const positionAt = board.take(64);
const began = process.hrtime.bigint();
let at = 0;
for (const [frame, position] of [...moves, [frames, null]]) {
  board.engine_process(engine, into + 2 * at, out + 2 * at, frame - at);
  at = frame;
  if (position) {
    new Int16Array(board.memory.buffer, positionAt, position.length).set(position);
    board.engine_set_position(engine, positionAt);
  }
}
const seconds = Number(process.hrtime.bigint() - began) / 1e9;
writeFileSync(outFile, new Uint8Array(board.memory.buffer, out, audio.byteLength));
console.log(JSON.stringify({ frames, seconds, x_real_time: frames / 48000 / seconds }));
