// Is a file firmware for this chip, and this place in it? The same checks as `gritspace flash`.

export const FLASH_START = 0x08000000;
export const FLASH_BYTES = 128 * 1024;
const CODE: [number, number][] = [
  [FLASH_START, FLASH_BYTES],
  [0, 64 * 1024],
];
const RAM: [number, number][] = [
  [0x20000000, 128 * 1024],
  [0x24000000, 512 * 1024],
  [0x30000000, 288 * 1024],
  [0x38000000, 64 * 1024],
];
const VECTORS = 16;
const ADVICE = "build one with: gritspace build daisy_seed";

export class ImageError extends Error {}

function address(value: number): string {
  return `0x${value.toString(16).toUpperCase().padStart(8, "0")}`;
}

/** A .bin or an ELF file -> what is to be flashed, checked. Throws ImageError with a sentence. */
export function readImage(file: Uint8Array): Uint8Array {
  const elf = file.length >= 4 && file[0] === 0x7f && file[1] === 0x45 && file[2] === 0x4c && file[3] === 0x46;
  const { start, data } = elf ? fromElf(file) : { start: FLASH_START, data: file };
  if (start !== FLASH_START) {
    throw new ImageError(`it is for ${address(start)}; the chip's own flash begins at ${address(FLASH_START)}; ${ADVICE}`);
  }
  if (data.length < 4 * VECTORS) throw new ImageError(`${data.length} bytes are no firmware; ${ADVICE}`);
  if (data.length > FLASH_BYTES) {
    throw new ImageError(`${data.length} bytes are more than the flash's ${FLASH_BYTES}: build in a smaller model`);
  }
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const stack = view.getUint32(0, true);
  const reset = view.getUint32(4, true);
  if (stack % 8 !== 0 || !RAM.some(([from, size]) => from < stack && stack <= from + size)) {
    throw new ImageError(`its stack would begin at ${address(stack)}, where this chip has no memory; ${ADVICE}`);
  }
  if ((reset & 1) === 0 || reset - 1 < FLASH_START || reset - 1 >= FLASH_START + data.length) {
    throw new ImageError(`it would start at ${address(reset)}, which is outside it; ${ADVICE}`);
  }
  for (let n = 2; n < VECTORS; n++) {
    const handler = view.getUint32(4 * n, true);
    if (handler === 0) continue;
    if ((handler & 1) === 0 || !CODE.some(([from, size]) => from <= handler - 1 && handler - 1 < from + size)) {
      throw new ImageError(`its handler ${n} at ${address(handler)} is no code of this chip; ${ADVICE}`);
    }
  }
  return data;
}

/** The loaded segments by their load addresses, gaps filled as erased flash is. */
function fromElf(file: Uint8Array): { start: number; data: Uint8Array } {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const cut = new ImageError("an ELF file that is cut or has nothing in it: build it again");
  if (file.length < 52) throw cut;
  if (file[4] !== 1 || view.getUint16(18, true) !== 40) {
    throw new ImageError(`an ELF file, but not for a 32-bit ARM; ${ADVICE}`);
  }
  const at = view.getUint32(28, true);
  const size = view.getUint16(42, true);
  const count = view.getUint16(44, true);
  const pieces: { to: number; bytes: Uint8Array }[] = [];
  for (let i = 0; i < count; i++) {
    const row = at + i * size;
    if (row + 32 > file.length) throw cut;
    const offset = view.getUint32(row + 4, true);
    const bytes = view.getUint32(row + 16, true);
    if (view.getUint32(row, true) !== 1 || bytes === 0) continue;
    if (offset + bytes > file.length) throw cut;
    pieces.push({ to: view.getUint32(row + 12, true), bytes: file.subarray(offset, offset + bytes) });
  }
  pieces.sort((a, b) => a.to - b.to);
  const first = pieces[0];
  const last = pieces[pieces.length - 1];
  if (first === undefined || last === undefined) throw cut;
  const length = last.to + last.bytes.length - first.to;
  if (length > 64 << 20) throw new ImageError("its parts lie too far apart to be one flash's");
  const data = new Uint8Array(length).fill(0xff);
  for (const piece of pieces) data.set(piece.bytes, piece.to - first.to);
  return { start: first.to, data };
}
