/** All jobs at a glance in the side bar: grouped, what wants the user first, with a badge. */
import * as vscode from "vscode";
import { describe, type Jobs, verbsFor } from "../jobs";
import type { Job, JobState } from "../lsp_ext";

export interface JobNode {
  group: string;
  jobId?: string;
}

const drawMs = 100;

const icons: Record<JobState, [icon: string, color?: string]> = {
  queued: ["clock"],
  running: ["sync~spin"],
  checking: ["beaker"],
  waiting: ["question", "notificationsWarningIcon.foreground"],
  ready: ["git-pull-request", "charts.blue"],
  partly_applied: ["git-pull-request-draft", "charts.blue"],
  applied: ["pass", "testing.iconPassed"],
  undone: ["discard"],
  discarded: ["trash"],
  failed: ["error", "testing.iconFailed"],
  cancelled: ["circle-slash"],
  out_of_budget: ["debug-pause", "notificationsWarningIcon.foreground"],
  interrupted: ["debug-pause", "notificationsWarningIcon.foreground"],
};

export class JobTree implements vscode.TreeDataProvider<JobNode>, vscode.Disposable {
  readonly #jobs: Jobs;
  readonly #tree: vscode.TreeView<JobNode>;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #known = new Map<string, JobNode>();
  #later: NodeJS.Timeout | undefined;
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(jobs: Jobs) {
    this.#jobs = jobs;
    this.#tree = vscode.window.createTreeView("agentLs.ui.jobs", { treeDataProvider: this });
  }

  /** Soon: fifty jobs that report at once are drawn once. */
  draw(): void {
    this.#later ??= setTimeout(() => {
      this.#later = undefined;
      const count = this.#jobs.wanting;
      const tooltip = `${count} ${count === 1 ? "job waits" : "jobs wait"} for you`;
      this.#tree.badge = count === 0 ? undefined : { value: count, tooltip };
      this.#tree.description = this.#jobs.summary();
      this.#changed.fire(undefined);
    }, drawMs);
  }

  getChildren(node?: JobNode): JobNode[] {
    if (node === undefined) {
      return this.#jobs.grouped().map(({ name }) => this.#node(name));
    }
    const group = node.jobId === undefined && this.#jobs.grouped().find(({ name }) => name === node.group);
    return group ? group.jobs.map((job) => this.#node(group.name, job.jobId)) : [];
  }

  getParent(node: JobNode): JobNode | undefined {
    return node.jobId === undefined ? undefined : this.#node(node.group);
  }

  getTreeItem(node: JobNode): vscode.TreeItem {
    const job = node.jobId === undefined ? undefined : this.#jobs.get(node.jobId);
    return job === undefined ? this.#groupItem(node.group) : jobItem(node, job);
  }

  dispose(): void {
    clearTimeout(this.#later);
    this.#tree.dispose();
    this.#changed.dispose();
  }

  #groupItem(name: string): vscode.TreeItem {
    const { Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(name, name === "Done" ? Collapsed : Expanded);
    const count = this.#jobs.grouped().find((group) => group.name === name)?.jobs.length ?? 0;
    item.id = `group ${name}`;
    item.description = String(count);
    item.contextValue = "group";
    return item;
  }

  /** One object per job and group: VS Code knows them by identity. */
  #node(group: string, jobId?: string): JobNode {
    const key = jobId ?? `group ${group}`;
    const node = this.#known.get(key) ?? { group };
    node.group = group;
    if (jobId !== undefined) {
      node.jobId = jobId;
    }
    this.#known.set(key, node);
    return node;
  }
}

function jobItem(node: JobNode, job: Job): vscode.TreeItem {
  const item = new vscode.TreeItem(job.title.replace(/^Delegate: /, ""));
  item.id = job.jobId;
  item.description = describe(job);
  item.tooltip = [job.title, describe(job), job.question?.text, job.problem, job.verdictNote]
    .filter((line) => line !== undefined && line !== "")
    .join("\n");
  const [icon, color] = icons[job.state];
  item.iconPath = new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
  const verbs = verbsFor(job);
  item.contextValue = ["job", ...verbs].join(" ");
  const first = verbs[0] === "answer" || verbs[0] === "review" ? verbs[0] : "details";
  item.command = { command: `agentLs.ui.job.${first}`, title: "Open", arguments: [node] };
  return item;
}
