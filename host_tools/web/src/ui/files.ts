// Files as one gives them: bytes or text, of a bounded size.
const MOST_BYTES = 64 << 20;

function bounded(file: File): File {
  if (file.size > MOST_BYTES) throw new Error(`${file.name} is too large (${Math.round(file.size / 1e6)} MB)`);
  return file;
}

export async function bytesOf(file: File): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await bounded(file).arrayBuffer());
}

export async function textOf(file: File): Promise<string> {
  return bounded(file).text();
}
