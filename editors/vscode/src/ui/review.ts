/**
 * A plan in the multi-diff editor, with a tree of its hunks beside it: what is ticked is in the right side
 * and is what Apply lands. The texts come from the server, which merges the ticked hunks onto the text of
 * now; it looks again right before applying. A hunk that is left out stays in the plan.
 */
import * as vscode from "vscode";
import type { Agent } from "../agent";
import { command, type Preview, type PreviewFile } from "../lsp_ext";
import { headline, nameOn, Plan, type Side } from "../plan";
import { type HunkNode, HunkTree } from "./hunk_tree";
import { Notes } from "./notes";
import { placeOf, scheme } from "./place";
import { ask } from "./words";

const reviewing = "agentLs.reviewing";
const typingMs = 250;

export class Review implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #agent: Agent;
  readonly #texts = new vscode.EventEmitter<vscode.Uri>();
  readonly #tree = new HunkTree(() => this.#refresh());
  readonly #notes = new Notes();
  readonly #held: vscode.Disposable[];
  #plan: Plan | undefined;
  #state: string | undefined;
  /** The files of the diff editor. */
  #listed = "";
  /** Its tab is closed and opened anew: not by the user. */
  #opening = false;
  /** The job that does a part of this plan anew: its plan takes the place of this one. */
  #next: string | undefined;
  #later: NodeJS.Timeout | undefined;
  readonly onDidChange = this.#texts.event;

  constructor(agent: Agent) {
    this.#agent = agent;
    this.#held = [
      this.#texts,
      this.#tree,
      this.#notes,
      vscode.workspace.registerTextDocumentContentProvider(scheme, this),
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
    await this.#draw();
    const first = preview.files[0];
    if (first !== undefined) {
      await this.#tree.reveal(first);
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

  /** Have a hunk, or all of a file's, done anew as the user says; the rest of the plan stays as it is. */
  async rework(node: HunkNode): Promise<void> {
    const jobId = this.#plan?.jobId;
    const hunks = node.hunk === undefined ? node.file.hunks.map((hunk) => hunk.id) : [node.hunk.id];
    const prompt = "What is wrong with it, or how should it be?";
    const title = node.hunk === undefined ? node.file.path : headline(node.hunk);
    const instruction = jobId === undefined ? undefined : await ask({ title, prompt });
    if (instruction !== undefined) {
      const again = await this.#agent.execute<{ jobId: string }>(command.retry, {
        jobId,
        instruction,
        hunks,
      });
      this.#next = again?.jobId;
    }
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

  /** The job went on: what has landed leaves the review, what has not stays. */
  async jobsChanged(): Promise<void> {
    if (this.#next !== undefined && this.#agent.jobs.get(this.#next)?.state === "ready") {
      const next = this.#next;
      this.#next = undefined;
      await this.open(next);
      return;
    }
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
    this.#listed = "";
    this.#notes.draw(undefined);
    await vscode.commands.executeCommand("setContext", reviewing, false);
    await vscode.window.tabGroups.close(tabsOf(label));
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    const place = placeOf(uri);
    return place === undefined ? "" : (this.#plan?.text(place.path, place.side) ?? "");
  }

  dispose(): void {
    clearTimeout(this.#later);
    for (const held of this.#held) {
      held.dispose();
    }
  }

  /** Both sides always: a file that is created or deleted shows as such only while it is ticked. */
  #resource(file: PreviewFile): [vscode.Uri, vscode.Uri, vscode.Uri] {
    const side = (query: Side): vscode.Uri =>
      vscode.Uri.from({ scheme, authority: this.#plan?.jobId ?? "", path: `/${nameOn(file, query)}`, query });
    return [vscode.Uri.parse(file.uri), side("now"), side("plan")];
  }

  #label(): string {
    return `Plan: ${this.#plan?.title ?? ""}`;
  }

  async #draw(): Promise<void> {
    const plan = this.#plan;
    if (plan === undefined) {
      return;
    }
    this.#tree.draw(plan);
    for (const file of plan.files) {
      for (const uri of this.#resource(file).slice(1)) {
        this.#texts.fire(uri);
      }
    }
    this.#notes.draw(plan);
    // The list of a multi-diff editor is fixed: when files have left the plan, another one is opened.
    const files = JSON.stringify(plan.files.map((file) => file.path));
    if (files !== this.#listed && plan.files.length > 0) {
      const label = this.#label();
      this.#listed = files;
      this.#opening = true;
      await vscode.window.tabGroups.close(tabsOf(label));
      const resources = plan.files.map((file) => this.#resource(file));
      await vscode.commands.executeCommand("vscode.changes", label, resources);
      this.#opening = false;
    }
  }

  async #choose(ids: readonly string[], wanted: boolean): Promise<void> {
    this.#plan?.take(ids, wanted);
    this.#tree.redraw();
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
    const ours = this.#plan !== undefined && !this.#opening;
    const label = this.#label();
    if (ours && closed.some((tab) => tab.label.startsWith(label)) && tabsOf(label).length === 0) {
      this.#next = undefined;
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
    await this.#draw();
  }

  #ask(plan: Plan): Promise<Preview | undefined> {
    const hunks = plan.chosen;
    const argument = hunks === undefined ? { jobId: plan.jobId } : { jobId: plan.jobId, hunks };
    return this.#agent.execute<Preview>(command.preview, argument);
  }
}

function tabsOf(label: string): vscode.Tab[] {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  return tabs.filter((tab) => tab.label.startsWith(label));
}
