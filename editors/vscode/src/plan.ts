/** The plan under review: the server's preview of it, and which of its hunks the user left out. */
import type { Preview, PreviewFile, PreviewHunk } from "./lsp_ext";

export type Side = "now" | "plan";

export class Plan {
  readonly jobId: string;
  #preview: Preview | undefined;
  readonly #rejected = new Set<string>();

  constructor(jobId: string) {
    this.jobId = jobId;
  }

  get title(): string {
    return this.#preview?.title ?? "";
  }

  get preview(): Preview | undefined {
    return this.#preview;
  }

  get files(): readonly PreviewFile[] {
    return this.#preview?.files ?? [];
  }

  get hunks(): PreviewHunk[] {
    return this.files.flatMap((file) => file.hunks);
  }

  /** The ids to ask the server for; everything, while it is not known what there is. */
  get chosen(): string[] | undefined {
    return this.#preview === undefined ? undefined : this.hunks.map((h) => h.id).filter((id) => this.has(id));
  }

  has(id: string): boolean {
    return !this.#rejected.has(id);
  }

  /** Whether any of a file's hunks is ticked. */
  hasAnyOf(file: PreviewFile): boolean {
    return file.hunks.some((hunk) => this.has(hunk.id));
  }

  take(ids: readonly string[], wanted: boolean): void {
    for (const id of ids) {
      if (wanted) {
        this.#rejected.delete(id);
      } else {
        this.#rejected.add(id);
      }
    }
  }

  /** Take in what the server answered. */
  update(preview: Preview): void {
    this.#preview = preview;
  }

  text(path: string, side: Side): string {
    const file = this.#file(path, side);
    return (side === "now" ? file?.before : file?.after) ?? "";
  }

  /** The hunk at a line of one side, or the nearest above it; the first one where none is above. */
  hunkAt(path: string, side: Side, line: number): PreviewHunk | undefined {
    const hunks = this.#file(path, side)?.hunks ?? [];
    const start = (hunk: PreviewHunk): number => (side === "now" ? hunk.oldStartLine : hunk.newStartLine);
    return hunks.filter((hunk) => start(hunk) <= line).at(-1) ?? hunks[0];
  }

  /** A file that moves stands on each side under the name that it has there. */
  #file(path: string, side: Side): PreviewFile | undefined {
    return this.files.find((one) => nameOn(one, side) === path);
  }

  /** `2 of 3 hunks · verified · lint passed`. */
  summary(): string {
    const checks = (this.#preview?.checks ?? []).map((check) => `${check.name} ${check.status}`);
    const count = `${this.chosen?.length ?? 0} of ${this.hunks.length} hunks`;
    return [count, this.#preview?.verdict ?? "", this.#preview?.verdictNote ?? "", ...checks]
      .filter((part) => part !== "")
      .join(" · ");
  }
}

export function nameOn(file: PreviewFile, side: Side): string {
  return side === "now" ? (file.movedFrom ?? file.path) : file.path;
}

/** A hunk in one line: what it adds, else what it removes. */
export function headline(hunk: PreviewHunk): string {
  const lines = hunk.excerpt.split("\n");
  const told = lines.find((line) => /^\+.*\S/.test(line)) ?? lines.find((line) => /^-.*\S/.test(line));
  return told?.slice(1).trim() || hunk.excerpt.trim() || "blank lines";
}

/** What a hunk is for and which check covers it: `callers pass seconds · pytest tests/test_client.py passed`. */
export function about(hunk: PreviewHunk): string {
  const { name, test, status } = hunk.check ?? {};
  const check = name === undefined ? "" : [name, test ?? "", status].filter((word) => word !== "").join(" ");
  return [hunk.reason ?? "", check].filter((part) => part !== "").join(" · ");
}
