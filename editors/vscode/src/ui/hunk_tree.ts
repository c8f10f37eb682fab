/** The hunks of the plan under review, as a tree with boxes to tick. */
import * as vscode from "vscode";
import type { PreviewFile, PreviewHunk } from "../lsp_ext";
import { about, headline, type Plan } from "../plan";

export type HunkNode = { file: PreviewFile; hunk?: PreviewHunk };

export class HunkTree implements vscode.TreeDataProvider<HunkNode>, vscode.Disposable {
  readonly #tree: vscode.TreeView<HunkNode>;
  readonly #nodes = new vscode.EventEmitter<HunkNode | undefined>();
  readonly #ticked: () => Promise<void>;
  /** One object per file and hunk: VS Code knows them by identity. */
  readonly #known = new Map<string, HunkNode>();
  #plan: Plan | undefined;
  #drawn = "";
  readonly onDidChangeTreeData = this.#nodes.event;

  /** `ticked` is called when the user has ticked something. */
  constructor(ticked: () => Promise<void>) {
    this.#ticked = ticked;
    this.#tree = vscode.window.createTreeView("agentLs.ui.plan", {
      treeDataProvider: this,
      // By itself VS Code unticks a file with the first of its hunks, and reports both alike.
      manageCheckboxStateManually: true,
    });
    this.#tree.onDidChangeCheckboxState((change) => this.#tick(change.items));
  }

  /** Show a plan, or what has become of it. */
  draw(plan: Plan): void {
    if (plan !== this.#plan) {
      this.#plan = plan;
      this.#known.clear();
      this.#drawn = "";
    }
    this.#tree.description = plan.summary();
    this.#tree.message = plan.preview?.plan ?? "";
    // A tick that comes while VS Code rebuilds the tree is lost: only what looks different is rebuilt.
    const drawn = JSON.stringify(
      plan.files.map((file) => [file.path, file.conflicts, file.hunks.map((h) => [h.id, h.oldStartLine])]),
    );
    if (drawn !== this.#drawn) {
      this.#drawn = drawn;
      this.#nodes.fire(undefined);
    }
  }

  /** Draw every box anew. */
  redraw(): void {
    this.#nodes.fire(undefined);
  }

  async reveal(file: PreviewFile): Promise<void> {
    await this.#tree.reveal(this.#node(file), { select: false, focus: false, expand: true });
  }

  getChildren(node?: HunkNode): HunkNode[] {
    if (node === undefined) {
      return (this.#plan?.files ?? []).map((file) => this.#node(file));
    }
    return node.hunk === undefined ? node.file.hunks.map((hunk) => this.#node(node.file, hunk)) : [];
  }

  getParent(node: HunkNode): HunkNode | undefined {
    return node.hunk === undefined ? undefined : this.#node(node.file);
  }

  getTreeItem(node: HunkNode): vscode.TreeItem {
    return node.hunk === undefined ? this.#fileItem(node.file) : this.#hunkItem(node.file, node.hunk);
  }

  dispose(): void {
    this.#tree.dispose();
    this.#nodes.dispose();
  }

  #node(file: PreviewFile, hunk?: PreviewHunk): HunkNode {
    const id = hunk?.id ?? file.path;
    const node = this.#known.get(id) ?? { file };
    node.file = file;
    if (hunk !== undefined) {
      node.hunk = hunk;
    }
    this.#known.set(id, node);
    return node;
  }

  #fileItem(file: PreviewFile): vscode.TreeItem {
    const item = new vscode.TreeItem(vscode.Uri.parse(file.uri), vscode.TreeItemCollapsibleState.Expanded);
    item.id = file.path;
    item.contextValue = "file";
    item.label = file.movedFrom === undefined ? file.path : `${file.movedFrom} → ${file.path}`;
    const clash = file.conflicts.length > 0 ? `clashes with your text: ${file.conflicts.join("; ")}` : "";
    item.description = [file.op === "edit" ? "" : file.op, clash].filter((part) => part !== "").join(" · ");
    item.checkboxState = checkbox(this.#plan?.hasAnyOf(file) === true);
    return item;
  }

  #hunkItem(file: PreviewFile, hunk: PreviewHunk): vscode.TreeItem {
    const item = new vscode.TreeItem(headline(hunk), vscode.TreeItemCollapsibleState.None);
    const why = about(hunk);
    item.id = hunk.id;
    item.contextValue = "hunk";
    item.description = [`line ${hunk.oldStartLine + 1} +${hunk.added} −${hunk.removed}`, why]
      .filter((part) => part !== "")
      .join(" · ");
    item.tooltip = new vscode.MarkdownString().appendText(why).appendCodeblock(hunk.excerpt, "diff");
    item.checkboxState = checkbox(this.#plan?.has(hunk.id) === true);
    item.command = {
      command: "agentLs.ui.review.show",
      title: "Show",
      arguments: [file.path, hunk.id],
    };
    return item;
  }

  async #tick(items: readonly (readonly [HunkNode, vscode.TreeItemCheckboxState])[]): Promise<void> {
    // A file's box stands for its hunks.
    for (const [node, state] of items) {
      const ids = node.hunk === undefined ? node.file.hunks.map((hunk) => hunk.id) : [node.hunk.id];
      const before = this.#plan?.hasAnyOf(node.file);
      this.#plan?.take(ids, state === vscode.TreeItemCheckboxState.Checked);
      if (node.hunk === undefined || before !== this.#plan?.hasAnyOf(node.file)) {
        this.#nodes.fire(this.#node(node.file));
      }
    }
    await this.#ticked();
  }
}

function checkbox(ticked: boolean): vscode.TreeItemCheckboxState {
  return ticked ? vscode.TreeItemCheckboxState.Checked : vscode.TreeItemCheckboxState.Unchecked;
}
