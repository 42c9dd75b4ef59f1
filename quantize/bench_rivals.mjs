// Neural Amp Modeler Core as npm carries it (WebAssembly), in Node: how many times faster than real time it plays a .nam.
//
//     node bench_rivals.mjs DIST MODEL.nam SECONDS      prints a number: the best of three rounds, by processor time
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [dist, file, words] = process.argv.slice(2);
const { createNamModule, NamWasmModule } = await import(pathToFileURL(`${dist}/index.js`).href);
const nam = NamWasmModule.fromModule(await createNamModule({ wasmBinary: readFileSync(`${dist}/nam.wasm`) }));
const rate = 48000;
const block = 64;
const seconds = Number(words);
nam.setSampleRate(rate);
const id = nam.createInstance();
if (!nam.loadModel(id, readFileSync(file, "utf8"))) throw new Error(`it does not load ${file}`);
const input = Float32Array.from({ length: block }, () => (Math.random() - 0.5) * 0.4);
const output = new Float32Array(block);
let best = 0;
for (let round = 0; round < 4; round++) {
  const began = process.cpuUsage();
  for (let done = 0; done < seconds * rate; done += block) nam.process(id, input, output);
  const taken = process.cpuUsage(began);
  if (round > 0) best = Math.max(best, (seconds * 1e6) / (taken.user + taken.system));
}
console.log(best.toFixed(2));
