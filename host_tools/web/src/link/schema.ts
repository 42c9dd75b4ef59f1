// What a file may hold, said once: a form of small checks, each of which names the place where a value is wrong.

/** A value from a file that is not what its format says; the message names the place. */
export class Malformed extends Error {}

/** Takes a value and where it stands in its file; throws Malformed, or gives the value with its type. */
export type Check<T> = (value: unknown, where: string) => T;
export type Checked<C> = C extends Check<infer T> ? T : never;

const SHOWN = 24;

function refuse(value: unknown, where: string, wanted: string): never {
  const place = where === "" ? "" : `${where}: `;
  if (value === undefined) throw new Malformed(`${place}${wanted} is missing`);
  throw new Malformed(`${place}${String(JSON.stringify(value)).slice(0, SHOWN)} is not ${wanted}`);
}

export function whole(low: number, high: number): Check<number> {
  return (value, where) => {
    if (typeof value === "number" && Number.isInteger(value) && value >= low && value <= high) return value;
    return refuse(value, where, `a whole number from ${low} to ${high}`);
  };
}

export function text(most: number, form = /^/, wanted = `a text of at most ${most} letters`): Check<string> {
  return (value, where) => {
    if (typeof value === "string" && value.length <= most && form.test(value)) return value;
    return refuse(value, where, wanted);
  };
}

export function exactly<const T extends string | number>(wanted: T): Check<T> {
  return (value, where) => (value === wanted ? wanted : refuse(value, where, JSON.stringify(wanted)));
}

export function orNull<T>(check: Check<T>): Check<T | null> {
  return (value, where) => (value === null ? null : check(value, where));
}

export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value, where) => (value === undefined ? undefined : check(value, where));
}

export function list<T>(check: Check<T>, least: number, most: number): Check<T[]> {
  return (value, where) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) {
      return refuse(value, where, `a list of ${least === most ? least : `${least} to ${most}`}`);
    }
    return value.map((one, i) => check(one, `${where}[${i}]`));
  };
}

/** A list in which no two have the same number in a field. */
export function each<T extends object>(field: keyof T & string, check: Check<T>, most: number): Check<T[]> {
  const all = list(check, 0, most);
  return (value, where) => {
    const found = all(value, where);
    const twice = found.find((one, i) => found.findIndex((other) => other[field] === one[field]) !== i);
    if (twice !== undefined) throw new Malformed(`${where}: the ${field} ${String(twice[field]).slice(0, SHOWN)} is there twice`);
    return found;
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Just these fields. */
export function record<Fields extends Record<string, Check<unknown>>>(
  fields: Fields,
): Check<{ [name in keyof Fields]: Checked<Fields[name]> }> {
  return (value, where) => {
    if (!isObject(value)) return refuse(value, where, "an object");
    const odd = Object.keys(value).find((name) => !Object.hasOwn(fields, name));
    if (odd !== undefined) throw new Malformed(`${where}: nothing is known of ${JSON.stringify(odd.slice(0, SHOWN))}`);
    const dot = where === "" ? "" : ".";
    const rows = Object.entries(fields).map(([name, check]) => {
      const one = Object.hasOwn(value, name) ? value[name] : undefined;
      return [name, check(one, `${where}${dot}${name}`)] as const;
    });
    return Object.fromEntries(rows.filter(([, one]) => one !== undefined)) as never;
  };
}

/** Any names of a form. */
export function table<T>(name: RegExp, check: Check<T>): Check<Record<string, T>> {
  return (value, where) => {
    if (!isObject(value)) return refuse(value, where, "an object");
    const rows = Object.entries(value).map(([key, one]) => {
      if (!name.test(key)) throw new Malformed(`${where}: nothing is known of ${JSON.stringify(key.slice(0, SHOWN))}`);
      return [key, check(one, `${where}.${key}`)] as const;
    });
    return Object.fromEntries(rows);
  };
}
