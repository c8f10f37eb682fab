/** An explanation beside the code; while the server still writes it, it is asked again. */
import * as vscode from "vscode";
import type { Agent } from "../agent";
import { command, type ExplainArgument, type Explanation } from "../lsp_ext";
import type { Pages } from "./pages";

const againMs = 700;
const mostTries = 120;

export class Explaining {
  readonly #agent: Agent;
  readonly #pages: Pages;
  #last: ExplainArgument | undefined;

  constructor(agent: Agent, pages: Pages) {
    this.#agent = agent;
    this.#pages = pages;
  }

  /** What is selected, else the symbol at the cursor. */
  async here(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor?.document.uri.scheme !== "file") {
      await vscode.window.showInformationMessage("Open a file first: an explanation is of a place.");
      return;
    }
    const { start, end } = editor.selection;
    await this.show({
      uri: this.#agent.uri(editor.document),
      range: { start: plain(start), end: plain(end) },
      version: editor.document.version,
    });
  }

  /** A folder of the explorer, else one of the workspace. */
  async folder(chosen?: vscode.Uri): Promise<void> {
    const folder = chosen ?? (await vscode.window.showWorkspaceFolderPick())?.uri;
    if (folder !== undefined) {
      await this.show({ uri: this.#agent.uri(folder) });
    }
  }

  /** What was explained last, by the model once more. */
  async again(): Promise<void> {
    if (this.#last === undefined) {
      await vscode.window.showInformationMessage("Nothing has been explained yet.");
      return;
    }
    await this.show({ ...this.#last, refresh: true });
  }

  async show(asked: ExplainArgument): Promise<void> {
    const { refresh: _, ...place } = asked;
    this.#last = place;
    const markdown = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: "Reading …", cancellable: true },
      (_progress, cancelled) => this.#wait(asked, place, cancelled),
    );
    if (markdown !== "") {
      await this.#pages.render("Explanation", markdown);
    }
  }

  /** The model is asked once; every further look is for what it says. */
  async #wait(
    asked: ExplainArgument,
    place: ExplainArgument,
    cancelled: vscode.CancellationToken,
  ): Promise<string> {
    for (let tries = 0; tries < mostTries && !cancelled.isCancellationRequested; tries += 1) {
      const answer = await this.#agent.execute<Explanation>(command.explain, tries === 0 ? asked : place);
      if (answer === undefined || !answer.pending) {
        return answer?.markdown ?? "";
      }
      await new Promise((resolve) => setTimeout(resolve, againMs));
    }
    return "";
  }
}

function plain({ line, character }: vscode.Position): { line: number; character: number } {
  return { line, character };
}
