/**
 * A plan in the multi-diff editor, with a tree of its hunks beside it: what is ticked is in the right side
 * and is what Apply lands. The texts come from the server, which merges the ticked hunks onto the text of
 * now; it looks again right before applying. A hunk that is left out stays in the plan.
 */
import * as vscode from "vscode";
import type { Agent } from "../agent";
import { command, type Preview, type PreviewFile, type PreviewHunk } from "../lsp_ext";
import { headline, nameOn, Plan, type Side } from "../plan";

const scheme = "agent-ls";
const reviewing = "agentLs.reviewing";
const typingMs = 250;

type Node = { file: PreviewFile; hunk?: PreviewHunk };

export class Review
  implements vscode.TextDocumentContentProvider, vscode.TreeDataProvider<Node>, vscode.Disposable
{
  readonly #agent: Agent;
  readonly #texts = new vscode.EventEmitter<vscode.Uri>();
  readonly #nodes = new vscode.EventEmitter<Node | undefined>();
  /** One object per file and hunk: VS Code knows them by identity. */
  readonly #known = new Map<string, Node>();
  #drawn = "";
  readonly #tree: vscode.TreeView<Node>;
  readonly #held: vscode.Disposable[];
  #plan: Plan | undefined;
  #state: string | undefined;
  #later: NodeJS.Timeout | undefined;
  readonly onDidChange = this.#texts.event;
  readonly onDidChangeTreeData = this.#nodes.event;

  constructor(agent: Agent) {
    this.#agent = agent;
    this.#tree = vscode.window.createTreeView("agentLs.ui.plan", {
      treeDataProvider: this,
      // By itself VS Code unticks a file with the first of its hunks, and reports both alike.
      manageCheckboxStateManually: true,
    });
    this.#held = [
      this.#texts,
      this.#nodes,
      this.#tree,
      vscode.workspace.registerTextDocumentContentProvider(scheme, this),
      this.#tree.onDidChangeCheckboxState((change) => this.#ticked(change.items)),
      vscode.workspace.onDidChangeTextDocument((change) => this.#typed(change.document.uri)),
      vscode.window.tabGroups.onDidChangeTabs((change) => this.#tabsClosed(change.closed)),
    ];
  }

  /** Open the review of a job's plan. */
  async open(jobId: string): Promise<void> {
    const plan = new Plan(jobId);
    const preview = await this.#ask(plan);
    if (preview === undefined) {
      return;
    }
    if (preview.files.length === 0) {
      await vscode.window.showInformationMessage(
        `${preview.title}: everything of this plan is in your files.`,
      );
      return;
    }
    await this.close();
    plan.update(preview);
    this.#plan = plan;
    this.#state = preview.state;
    await vscode.commands.executeCommand("setContext", reviewing, true);
    this.#draw();
    const resources = preview.files.map((file) => this.#resource(file));
    await vscode.commands.executeCommand("vscode.changes", this.#label(), resources);
    const first = preview.files[0];
    if (first !== undefined) {
      await this.#tree.reveal(this.#node(first), { select: false, focus: false, expand: true });
    }
  }

  /** Land what is ticked. */
  async apply(): Promise<void> {
    const plan = this.#plan;
    const hunks = plan?.chosen ?? [];
    if (plan === undefined || hunks.length === 0) {
      await vscode.window.showInformationMessage(
        "Nothing of the plan is ticked. Discard puts all of it aside.",
      );
      return;
    }
    await this.#agent.execute(command.apply, { jobId: plan.jobId, hunks, reviewed: true });
  }

  async discard(): Promise<void> {
    if (this.#plan !== undefined) {
      await this.#agent.execute(command.discard, { jobId: this.#plan.jobId });
      await this.close();
    }
  }

  /** Tick or untick every hunk. */
  async all(wanted: boolean): Promise<void> {
    await this.#choose(this.#plan?.hunks.map((hunk) => hunk.id) ?? [], wanted);
  }

  /** Tick or untick the hunk at the cursor. */
  async toggle(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const place = editor === undefined ? undefined : placeOf(editor.document.uri);
    if (editor === undefined || place === undefined || this.#plan === undefined) {
      return;
    }
    const hunk = this.#plan.hunkAt(place.path, place.side, editor.selection.active.line);
    if (hunk !== undefined) {
      await this.#choose([hunk.id], !this.#plan.has(hunk.id));
    }
  }

  /** The job went on: what has landed leaves the review, what has not stays. */
  async jobsChanged(): Promise<void> {
    const state = this.#plan === undefined ? undefined : this.#agent.jobs.get(this.#plan.jobId)?.state;
    if (state === undefined || state === this.#state) {
      return;
    }
    this.#state = state;
    if (state === "applied" || state === "discarded") {
      await this.close();
    } else {
      await this.#refresh();
    }
  }

  async close(): Promise<void> {
    if (this.#plan === undefined) {
      return;
    }
    const label = this.#label();
    this.#plan = undefined;
    this.#known.clear();
    this.#drawn = "";
    await vscode.commands.executeCommand("setContext", reviewing, false);
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    await vscode.window.tabGroups.close(tabs.filter((tab) => tab.label.startsWith(label)));
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    const place = placeOf(uri);
    return place === undefined ? "" : (this.#plan?.text(place.path, place.side) ?? "");
  }

  getChildren(node?: Node): Node[] {
    if (node === undefined) {
      return (this.#plan?.files ?? []).map((file) => this.#node(file));
    }
    return node.hunk === undefined ? node.file.hunks.map((hunk) => this.#node(node.file, hunk)) : [];
  }

  getParent(node: Node): Node | undefined {
    return node.hunk === undefined ? undefined : this.#node(node.file);
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return node.hunk === undefined ? this.#fileItem(node.file) : this.#hunkItem(node.file, node.hunk);
  }

  dispose(): void {
    clearTimeout(this.#later);
    for (const held of this.#held) {
      held.dispose();
    }
  }

  #node(file: PreviewFile, hunk?: PreviewHunk): Node {
    const id = hunk?.id ?? file.path;
    const node = this.#known.get(id) ?? { file };
    node.file = file;
    if (hunk !== undefined) {
      node.hunk = hunk;
    }
    this.#known.set(id, node);
    return node;
  }

  /** Whether any of a file's hunks is ticked. */
  #taken(file: PreviewFile): boolean {
    return file.hunks.some((hunk) => this.#plan?.has(hunk.id));
  }

  #fileItem(file: PreviewFile): vscode.TreeItem {
    const item = new vscode.TreeItem(vscode.Uri.parse(file.uri), vscode.TreeItemCollapsibleState.Expanded);
    item.id = file.path;
    item.label = file.movedFrom === undefined ? file.path : `${file.movedFrom} → ${file.path}`;
    const clash = file.conflicts.length > 0 ? `clashes with your text: ${file.conflicts.join("; ")}` : "";
    item.description = [file.op === "edit" ? "" : file.op, clash].filter((part) => part !== "").join(" · ");
    item.checkboxState = checkbox(this.#taken(file));
    return item;
  }

  #hunkItem(file: PreviewFile, hunk: PreviewHunk): vscode.TreeItem {
    const item = new vscode.TreeItem(headline(hunk), vscode.TreeItemCollapsibleState.None);
    item.id = hunk.id;
    item.description = `line ${hunk.oldStartLine + 1} +${hunk.added} −${hunk.removed}`;
    item.tooltip = new vscode.MarkdownString().appendCodeblock(hunk.excerpt, "diff");
    item.checkboxState = checkbox(this.#plan?.has(hunk.id) === true);
    item.command = {
      command: "agentLs.ui.review.show",
      title: "Show",
      arguments: [file.path, hunk.id],
    };
    return item;
  }

  /** One file of the plan in a diff editor, at a line. */
  async show(path: string, id: string): Promise<void> {
    const file = this.#plan?.files.find((one) => one.path === path);
    if (file !== undefined) {
      const [, now, plan] = this.#resource(file);
      const line = file.hunks.find((hunk) => hunk.id === id)?.newStartLine ?? 0;
      const selection = new vscode.Range(line, 0, line, 0);
      await vscode.commands.executeCommand("vscode.diff", now, plan, `${path} (plan)`, { selection });
    }
  }

  #resource(file: PreviewFile): [vscode.Uri, vscode.Uri | undefined, vscode.Uri | undefined] {
    // The same path on both sides: VS Code would tell of a rename otherwise.
    const side = (query: Side): vscode.Uri =>
      vscode.Uri.from({ scheme, authority: this.#plan?.jobId ?? "", path: `/${nameOn(file, query)}`, query });
    const now = file.op === "create" ? undefined : side("now");
    return [vscode.Uri.parse(file.uri), now, file.op === "delete" ? undefined : side("plan")];
  }

  #label(): string {
    return `Plan: ${this.#plan?.title ?? ""}`;
  }

  #draw(): void {
    this.#tree.description = this.#plan?.summary() ?? "";
    this.#tree.message = this.#plan?.preview?.plan ?? "";
    // A tick that comes while VS Code rebuilds the tree is lost: only what looks different is rebuilt.
    const drawn = JSON.stringify(
      this.#plan?.files.map((file) => [
        file.path,
        file.conflicts,
        file.hunks.map((h) => [h.id, h.oldStartLine]),
      ]),
    );
    if (drawn !== this.#drawn) {
      this.#drawn = drawn;
      this.#nodes.fire(undefined);
    }
    for (const file of this.#plan?.files ?? []) {
      for (const uri of this.#resource(file).slice(1)) {
        if (uri !== undefined) {
          this.#texts.fire(uri);
        }
      }
    }
  }

  async #ticked(items: readonly (readonly [Node, vscode.TreeItemCheckboxState])[]): Promise<void> {
    // A file's box stands for its hunks.
    for (const [node, state] of items) {
      const ids = node.hunk === undefined ? node.file.hunks.map((hunk) => hunk.id) : [node.hunk.id];
      const before = this.#taken(node.file);
      this.#plan?.take(ids, state === vscode.TreeItemCheckboxState.Checked);
      if (node.hunk === undefined || before !== this.#taken(node.file)) {
        this.#nodes.fire(this.#node(node.file));
      }
    }
    await this.#refresh();
  }

  async #choose(ids: readonly string[], wanted: boolean): Promise<void> {
    this.#plan?.take(ids, wanted);
    this.#nodes.fire(undefined);
    await this.#refresh();
  }

  /** What is typed into a file of the plan shows in the review a moment later. */
  #typed(uri: vscode.Uri): void {
    const typed = uri.toString();
    if (this.#plan?.files.some((file) => vscode.Uri.parse(file.uri).toString() === typed)) {
      clearTimeout(this.#later);
      this.#later = setTimeout(() => void this.#refresh(), typingMs);
    }
  }

  async #tabsClosed(closed: readonly vscode.Tab[]): Promise<void> {
    if (this.#plan !== undefined && closed.some((tab) => tab.label.startsWith(this.#label()))) {
      await this.close();
    }
  }

  async #refresh(): Promise<void> {
    const plan = this.#plan;
    const preview = plan === undefined ? undefined : await this.#ask(plan);
    if (plan === undefined || preview === undefined || plan !== this.#plan) {
      return;
    }
    plan.update(preview);
    this.#draw();
  }

  #ask(plan: Plan): Promise<Preview | undefined> {
    const hunks = plan.chosen;
    const argument = hunks === undefined ? { jobId: plan.jobId } : { jobId: plan.jobId, hunks };
    return this.#agent.execute<Preview>(command.preview, argument);
  }
}

function checkbox(ticked: boolean): vscode.TreeItemCheckboxState {
  return ticked ? vscode.TreeItemCheckboxState.Checked : vscode.TreeItemCheckboxState.Unchecked;
}

function placeOf(uri: vscode.Uri): { side: Side; path: string } | undefined {
  const side = uri.query === "now" || uri.query === "plan" ? uri.query : undefined;
  return uri.scheme === scheme && side !== undefined ? { side, path: uri.path.slice(1) } : undefined;
}
