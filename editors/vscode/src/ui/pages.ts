/** Texts to read that are no files and never unsaved. */
import * as vscode from "vscode";

const scheme = "agent-ls-page";
const preview = "markdown.showPreviewToSide";

export class Pages implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #provider: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#provider = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  }

  /** Show markdown that the server has made safe (no links, images or HTML) as it is meant to look. */
  async render(name: string, markdown: string): Promise<void> {
    const uri = this.#put(name, markdown);
    try {
      await vscode.commands.executeCommand(preview, uri);
    } catch {
      await this.#open(uri); // VS Code's own extension for Markdown is disabled
    }
  }

  /** Show a text as it is: a model or a repository wrote parts of it. One of the same name is shown anew. */
  async show(name: string, text: string): Promise<void> {
    await this.#open(this.#put(name, text));
  }

  #put(name: string, text: string): vscode.Uri {
    const uri = vscode.Uri.from({ scheme, path: `/${name.replaceAll("/", "-")}.md` });
    this.#texts.set(uri.path, text);
    this.#changed.fire(uri);
    return uri;
  }

  async #open(uri: vscode.Uri): Promise<void> {
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, {
      viewColumn: vscode.ViewColumn.Beside,
      preserveFocus: true,
    });
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.path) ?? "";
  }

  dispose(): void {
    this.#provider.dispose();
    this.#changed.dispose();
  }
}
