/** Texts to read that are no files: they are never unsaved, and are not rendered, since others wrote them. */
import * as vscode from "vscode";

const scheme = "agent-ls-page";

export class Pages implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #provider: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#provider = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  }

  /** Open a page beside the code; one of the same name is shown anew. */
  async show(name: string, markdown: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme, path: `/${name.replaceAll("/", "-")}.md` });
    this.#texts.set(uri.path, markdown);
    this.#changed.fire(uri);
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
