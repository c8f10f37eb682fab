/**
 * Where jobs are in the open texts: a quiet bar beside the lines and in the overview ruler. What is marked the
 * server knows; it is asked when it says that its lenses have changed, when a job has, or another text is shown.
 */
import * as vscode from "vscode";
import type { Agent } from "../agent";
import { command, type Mark, type MarkKind } from "../lsp_ext";

const drawMs = 150;
const kinds: readonly MarkKind[] = ["work", "plan", "made"];

export class Marks implements vscode.Disposable {
  readonly #agent: Agent;
  readonly #looks: Record<MarkKind, vscode.TextEditorDecorationType>;
  readonly #held: vscode.Disposable[];
  #later: NodeJS.Timeout | undefined;

  constructor(agent: Agent) {
    this.#agent = agent;
    this.#looks = {
      work: look("agentLs.mark.work"),
      plan: look("agentLs.mark.plan"),
      made: look("agentLs.mark.made"),
    };
    this.#held = [
      ...Object.values(this.#looks),
      vscode.window.onDidChangeVisibleTextEditors(() => this.draw()),
    ];
  }

  /** Soon: news come in bursts. In between VS Code carries the marks along with what is typed. */
  draw(): void {
    this.#later ??= setTimeout(() => {
      this.#later = undefined;
      void Promise.all(vscode.window.visibleTextEditors.map((editor) => this.#draw(editor)));
    }, drawMs);
  }

  async #draw(editor: vscode.TextEditor): Promise<void> {
    const { document } = editor;
    if (document.uri.scheme !== "file" || !this.#agent.running) {
      return;
    }
    const version = document.version;
    const answer = await this.#agent.execute<{ marks: Mark[] }>(command.marks, {
      uri: this.#agent.uri(document),
    });
    if (answer === undefined || document.version !== version) {
      return; // typed meanwhile: the next lenses are on their way
    }
    for (const kind of kinds) {
      editor.setDecorations(
        this.#looks[kind],
        answer.marks.filter((mark) => mark.kind === kind).flatMap(options),
      );
    }
  }

  dispose(): void {
    clearTimeout(this.#later);
    for (const held of this.#held) {
      held.dispose();
    }
  }
}

/** The lines of a mark; its ranges end where the next line begins. */
function options(mark: Mark): vscode.DecorationOptions[] {
  // A title is data: markdown of it is only its words.
  const hoverMessage = new vscode.MarkdownString().appendText(
    [mark.title, mark.state.replaceAll("_", " "), mark.verdict].join(" · "),
  );
  return mark.ranges.map(({ start, end }) => ({
    range: new vscode.Range(start.line, 0, Math.max(start.line, end.line - 1), 0),
    hoverMessage,
  }));
}

function look(color: string): vscode.TextEditorDecorationType {
  return vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    borderStyle: "none none none solid",
    borderWidth: "0 0 0 2px",
    borderColor: new vscode.ThemeColor(color),
    overviewRulerColor: new vscode.ThemeColor(color),
    overviewRulerLane: vscode.OverviewRulerLane.Left,
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
}
