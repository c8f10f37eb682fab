import type { Reader } from "./reader";
import { type Options, merge } from "../options";

export type Key = string | number;

/** Something that keeps values. */
export interface Store<T> {
  readonly size: number;
  get(key: Key): T | undefined;
}

export enum Mode { Read = "r", Write = "w" }

export namespace paths {
  export function join(...parts: string[]): string {
    return parts.join("/");
  }
}

export abstract class MemoryStore<T> implements Store<T> {
  private values = new Map<Key, T>();
  declare label?: string;

  // agent: make this read only
  get size(): number {
    return this.values.size;
  }

  get(key: Key): T | undefined {
    return this.values.get(key);
  }

  protected abstract load(reader: Reader<T>, options?: Options): Promise<void>;
}

declare function trace(message: string): void;

export const open = <T>(mode: Mode = Mode.Read): Store<T> => merge(mode as unknown as Options);
