/** What the server said last about its jobs. It decides; this is only remembered for drawing. */
import type { Job, JobState, PlanFile } from "./lsp_ext";

export type Verb =
  | "review"
  | "apply"
  | "undo"
  | "discard"
  | "answer"
  | "tell"
  | "cancel"
  | "resume"
  | "retry";

/** The states in which a verb makes sense; what to offer, in this order. */
const fit: Record<Verb, readonly JobState[]> = {
  answer: ["waiting"],
  review: ["ready", "partly_applied", "applied", "undone", "discarded"],
  apply: ["ready", "partly_applied", "undone", "discarded"],
  undo: ["applied", "partly_applied"],
  discard: ["ready", "partly_applied", "failed", "out_of_budget", "interrupted"],
  tell: ["running", "checking", "queued", "waiting"],
  resume: ["interrupted", "out_of_budget", "failed", "cancelled"],
  cancel: ["queued", "running", "waiting", "checking"],
  retry: ["ready", "failed", "cancelled", "discarded", "undone"],
};

export interface Group {
  name: string;
  jobs: readonly Job[];
}

/** How a list is grouped, what wants the user first. */
export const groups: readonly { name: string; states: readonly JobState[] }[] = [
  { name: "Waiting for you", states: ["waiting"] },
  { name: "Ready", states: ["ready", "partly_applied"] },
  { name: "Running", states: ["running", "checking", "queued"] },
  { name: "Paused", states: ["interrupted", "out_of_budget"] },
  { name: "Done", states: ["applied", "undone", "discarded", "failed", "cancelled"] },
];

const shown: readonly JobState[] = ["running", "checking", "queued", "waiting", "ready", "interrupted"];

export class Jobs {
  readonly #known = new Map<string, Job>();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Take in a job, whole or in part. */
  update(news: Job): void {
    const job = { ...this.#known.get(news.jobId), ...news };
    if (job.state !== "waiting") {
      job.question = null;
    }
    this.#known.set(job.jobId, job);
    this.#changed();
  }

  /** Forget everything but these. */
  reset(all: readonly Job[] = []): void {
    const before = new Map(this.#known);
    this.#known.clear();
    for (const job of all) {
      // What is the same stays the same object: a list sees by that what to draw anew.
      const was = before.get(job.jobId);
      this.#known.set(job.jobId, JSON.stringify(was) === JSON.stringify(job) ? (was ?? job) : job);
    }
    this.#changed();
  }

  get(jobId: string): Job | undefined {
    return this.#known.get(jobId);
  }

  /** Newest first. */
  list(): Job[] {
    return [...this.#known.values()].sort((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0));
  }

  /** The jobs of each group that has some, newest first. */
  grouped(): Group[] {
    const all = this.list();
    return groups
      .map(({ name, states }) => ({ name, jobs: all.filter((job) => states.includes(job.state)) }))
      .filter(({ jobs }) => jobs.length > 0);
  }

  /** How many want the user: a question, or a plan. */
  get wanting(): number {
    return this.list().filter((job) => job.state === "waiting" || job.state === "ready").length;
  }

  /** For the status bar: `1 running, 2 ready`, or nothing. */
  summary(): string {
    const all = this.list();
    return shown
      .map((state) => [all.filter((job) => job.state === state).length, state] as const)
      .filter(([count]) => count > 0)
      .map(([count, state]) => `${count} ${state}`)
      .join(", ");
  }
}

export function verbsFor(job: Job): Verb[] {
  return (Object.keys(fit) as Verb[]).filter((verb) => fit[verb].includes(job.state));
}

/** One line under a title: `ready · 2 files +12 −3 · verified · $0.04`. */
export function describe(job: Job): string {
  return [job.state.replaceAll("_", " "), ...facts(job)].join(" · ");
}

/** The same in a group, which says the commonest states itself. */
export function describeInGroup(job: Job): string {
  const told = facts(job);
  const said = job.state === "ready" || job.state === "running" || job.state === "waiting";
  return said && told.length > 0 ? told.join(" · ") : describe(job);
}

function facts(job: Job): string[] {
  const parts: string[] = [];
  if (job.step !== "") {
    parts.push(job.total > 0 ? `${job.done}/${job.total} ${job.step}` : job.step);
  }
  if (job.files !== undefined && job.files.length > 0) {
    parts.push(size(job.files), job.verdict);
  }
  if (job.costUsd !== null) {
    parts.push(`$${job.costUsd.toFixed(2)}`);
  }
  return parts;
}

export function size(files: readonly PlanFile[]): string {
  const added = files.reduce((sum, file) => sum + file.added, 0);
  const removed = files.reduce((sum, file) => sum + file.removed, 0);
  return `${files.length} ${files.length === 1 ? "file" : "files"} +${added} −${removed}`;
}
