/**
 * The private protocol, and nothing else: `agent_ls/faces/lsp/wire.py` is the other side,
 * `docs/protocol.md` describes it, and a test compares the three.
 */
import type { Position, Range } from "vscode-languageclient/node";

/** Commands of `workspace/executeCommand`; each takes one object and answers at once. */
export const command = {
  answer: "agentLs.answer",
  apply: "agentLs.apply",
  cancel: "agentLs.cancel",
  connect: "agentLs.connect",
  delegate: "agentLs.delegate",
  discard: "agentLs.discard",
  explain: "agentLs.explain",
  job: "agentLs.job",
  jobs: "agentLs.jobs",
  marks: "agentLs.marks",
  moveSymbol: "agentLs.moveSymbol",
  plan: "agentLs.plan",
  preview: "agentLs.preview",
  rename: "agentLs.rename",
  resume: "agentLs.resume",
  retry: "agentLs.retry",
  review: "agentLs.review",
  tell: "agentLs.tell",
  trust: "agentLs.trust",
  undo: "agentLs.undo",
} as const;

export type JobState =
  | "queued"
  | "running"
  | "waiting"
  | "checking"
  | "ready"
  | "applied"
  | "partly_applied"
  | "discarded"
  | "failed"
  | "cancelled"
  | "undone"
  | "out_of_budget"
  | "interrupted";

export type Verdict = "verified" | "unverified" | "worse";

export interface Usage {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
}

/** Parameters of `agentLs/jobChanged`. */
export interface JobChanged {
  jobId: string;
  state: JobState;
  title: string;
  step: string;
  done: number;
  total: number;
  usage: Usage;
  costUsd: number | null;
  verdict: Verdict;
}

export const jobChanged = "agentLs/jobChanged";

/** The server asks for the review of a plan. */
export const showPlan = "agentLs/showPlan";

/** Parameters of `agentLs/showPlan`. */
export interface ShowPlan {
  jobId: string;
}

export interface Question {
  questionId: string;
  text: string;
  choices: string[];
  default: string;
}

export interface PlanFile {
  path: string;
  op: "edit" | "create" | "delete" | "move";
  added: number;
  removed: number;
  movedFrom?: string;
  landed: boolean;
}

export interface PreviewHunk {
  id: string;
  path: string;
  op: PlanFile["op"];
  oldStartLine: number;
  oldLines: number;
  newStartLine: number;
  newLines: number;
  added: number;
  removed: number;
  excerpt: string;
  landed: boolean;
  chosen: boolean;
  /** What it is for, in the agent's words. */
  reason?: string | null;
  /** The check that covers it. */
  check?: { name: string; status: string; test?: string } | null;
}

/** One file on the text of now: `after` has the chosen hunks done; null means no such file. */
export interface PreviewFile {
  path: string;
  uri: string;
  op: PlanFile["op"];
  before: string | null;
  after: string | null;
  conflicts: string[];
  hunks: PreviewHunk[];
  movedFrom?: string;
  movedFromUri?: string;
}

/** The answer of `agentLs.preview`. */
export interface Preview {
  jobId: string;
  title: string;
  state: JobState;
  plan: string;
  verdict: Verdict;
  verdictNote: string;
  checks: { name: string; status: string }[];
  files: PreviewFile[];
}

/** What a list needs besides; an entry of `agentLs.jobs` has it all. */
export interface JobDetails {
  createdAt: number;
  question: Question | null;
  files: PlanFile[];
  problem: string;
  verdictNote: string;
}

export type Job = JobChanged & Partial<JobDetails>;

export interface Step {
  text: string;
  files: string[];
}

export interface Check {
  name: string;
  status: string;
  output: string;
}

/** What `agentLs.job` answers besides. */
export interface JobReport {
  plan: string;
  task: string;
  patch: string;
  checks: Check[];
  evidence: string[];
  events: { at: number; kind: string; text: string }[];
  steps: Step[];
  planState: "" | "noted" | "proposed" | "approved" | "rejected";
}

export type WholeJob = JobChanged & JobDetails & JobReport;

export interface DelegateArgument {
  task?: string;
  uri: string;
  range?: Range;
  version?: number;
  files?: string[];
  planFirst?: boolean;
}

/** A symbol at a position or an empty range, a selection, or a folder: by its uri, or the one of a file. */
export interface ExplainArgument {
  uri: string;
  position?: Position;
  range?: Range;
  version?: number;
  folder?: boolean;
  refresh?: boolean;
}

export interface Explanation {
  markdown: string;
  pending: boolean;
}

/** A job is at work here, its plan would change this, or it has made these lines. */
export type MarkKind = "work" | "plan" | "made";

/** One of `agentLs.marks`; its ranges are whole lines and end where the next one begins. */
export interface Mark {
  jobId: string;
  kind: MarkKind;
  title: string;
  state: JobState;
  verdict: Verdict;
  ranges: Range[];
}

/** A model server on this machine. */
export interface LocalServer {
  name: string;
  baseUrl: string;
  models: string[];
}
