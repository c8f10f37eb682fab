/** All jobs at a glance in the side bar: grouped, what wants the user first, with a badge. */
import * as vscode from "vscode";
import { describe, describeInGroup, type Group, type Jobs, verbsFor } from "../jobs";
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
  readonly #changed = new vscode.EventEmitter<JobNode[] | undefined>();
  readonly #known = new Map<string, JobNode>();
  /** As drawn: VS Code asks for the parts of a tree one after the other, and the jobs go on meanwhile. */
  #groups: readonly Group[] = [];
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
      const before = this.#groups;
      this.#groups = this.#jobs.grouped();
      const count = this.#jobs.wanting;
      const tooltip = `${count} ${count === 1 ? "job waits" : "jobs wait"} for you`;
      this.#tree.badge = count === 0 ? undefined : { value: count, tooltip };
      this.#tree.description = this.#jobs.summary();
      this.#redraw(before);
    }, drawMs);
  }

  getChildren(node?: JobNode): JobNode[] {
    if (node === undefined) {
      return this.#groups.map(({ name }) => this.#node(name));
    }
    return node.jobId === undefined
      ? this.#of(node.group).map((job) => this.#node(node.group, job.jobId))
      : [];
  }

  getParent(node: JobNode): JobNode | undefined {
    return node.jobId === undefined ? undefined : this.#node(node.group);
  }

  getTreeItem(node: JobNode): vscode.TreeItem {
    const job = this.#of(node.group).find(({ jobId }) => jobId === node.jobId);
    return job === undefined ? this.#groupItem(node.group) : jobItem(node, job);
  }

  dispose(): void {
    clearTimeout(this.#later);
    this.#tree.dispose();
    this.#changed.dispose();
  }

  /** Only what looks different: a button that is pressed while its row is rebuilt is lost. */
  #redraw(before: readonly Group[]): void {
    const names = (groups: readonly Group[]): string => JSON.stringify(groups.map(({ name }) => name));
    if (names(before) !== names(this.#groups)) {
      this.#changed.fire(undefined);
      return;
    }
    const nodes = this.#groups.flatMap(({ name, jobs }, place) => {
      const was = before[place]?.jobs ?? [];
      const same = was.length === jobs.length && was.every(({ jobId }, row) => jobId === jobs[row]?.jobId);
      return same
        ? jobs.filter((job, row) => job !== was[row]).map(({ jobId }) => this.#node(name, jobId))
        : [this.#node(name)];
    });
    if (nodes.length > 0) {
      this.#changed.fire(nodes);
    }
  }

  #groupItem(name: string): vscode.TreeItem {
    const { Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(name, name === "Done" ? Collapsed : Expanded);
    item.id = `group ${name}`;
    item.description = String(this.#of(name).length);
    item.contextValue = "group";
    return item;
  }

  #of(name: string): readonly Job[] {
    return this.#groups.find((group) => group.name === name)?.jobs ?? [];
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
  item.description = describeInGroup(job);
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
