/** An explanation beside the code; while the server still writes it, it is asked again. */
import * as vscode from "vscode";
import type { Agent } from "../agent";
import { command, type ExplainArgument, type Explanation } from "../lsp_ext";
import type { Pages } from "./pages";

const againMs = 700;
const mostTries = 120;

export async function explain(agent: Agent, pages: Pages, argument: ExplainArgument): Promise<void> {
  const position = argument.position ?? argument.range?.start ?? { line: 0, character: 0 };
  const asked = { uri: argument.uri, position };
  const markdown = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: "Reading …", cancellable: true },
    (_progress, cancelled) => wait(agent, asked, cancelled),
  );
  if (markdown !== "") {
    await pages.render("Explanation", markdown);
  }
}

async function wait(agent: Agent, asked: object, cancelled: vscode.CancellationToken): Promise<string> {
  for (let tries = 0; tries < mostTries && !cancelled.isCancellationRequested; tries += 1) {
    const answer = await agent.execute<Explanation>(command.explain, asked);
    if (answer === undefined || !answer.pending) {
      return answer?.markdown ?? "";
    }
    await new Promise((resolve) => setTimeout(resolve, againMs));
  }
  return "";
}
