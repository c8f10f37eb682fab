/** No server, or one of another version: offer to make an environment of its own, and show how. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as vscode from "vscode";
import { networkOf, shown } from "../environment";
import { type Launch, machine, pythons } from "../launch";
import type { Misfit } from "../version";

const run = promisify(execFile);
const enough = "import sys; sys.exit(sys.version_info < (3, 11))";

/** Say what is wrong and offer to mend it; resolves to whether there is a new server. */
export async function offerInstall(launch: Launch, problem: string): Promise<boolean> {
  const install = "Install …";
  const setting = "Open Setting";
  const chosen = await vscode.window.showErrorMessage(problem, install, setting);
  if (chosen === setting) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "agentLs.serverPath");
  }
  return chosen === install && installServer(launch);
}

/** The same for a server that does not fit; it may be the extension that is to be updated. */
export async function offerUpdate(launch: Launch, { sentence, update }: Misfit): Promise<boolean> {
  if (update === "server") {
    return offerInstall(launch, sentence);
  }
  const show = "Show the Extension";
  if ((await vscode.window.showErrorMessage(sentence, show)) === show) {
    await vscode.commands.executeCommand("workbench.extensions.search", "agent-ls");
  }
  return false;
}

/** Show the commands; with the user's word run them in a terminal. */
export async function installServer(launch: Launch): Promise<boolean> {
  const python = await firstFit(pythons());
  if (python === undefined) {
    await vscode.window.showErrorMessage(
      "agent-ls needs Python 3.11 or newer, and none was found on PATH. Install one, then run Agent: Install the Server.",
    );
    return false;
  }
  const { commands } = launch.own(python);
  const yes = "Run";
  const chosen = await vscode.window.showInformationMessage(
    `Install the server (${machine("package")}) in an environment of its own?`,
    { modal: true, detail: shown(commands) },
    yes,
  );
  return chosen === yes && inTerminal(commands);
}

async function firstFit(candidates: readonly string[]): Promise<string | undefined> {
  for (const python of candidates) {
    try {
      await run(python, ["-I", "-c", enough], { timeout: 10_000 });
      return python;
    } catch {
      // too old, or no Python at all
    }
  }
  return undefined;
}

async function inTerminal(commands: readonly (readonly string[])[]): Promise<boolean> {
  const proxy = vscode.workspace.getConfiguration("http").get<string>("proxy");
  const env = networkOf(process.env, proxy);
  for (const [program = "", ...words] of commands) {
    const task = new vscode.Task(
      { type: "agentLs" },
      vscode.TaskScope.Workspace,
      "Install the server",
      "agent-ls",
      new vscode.ProcessExecution(program, words, { env }),
    );
    task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, echo: true };
    if ((await ended(task)) !== 0) {
      await vscode.window.showErrorMessage(
        "The server could not be installed; the terminal says why. Agent: Install the Server tries again.",
      );
      return false;
    }
  }
  return true;
}

async function ended(task: vscode.Task): Promise<number | undefined> {
  const execution = await vscode.tasks.executeTask(task);
  return new Promise((resolve) => {
    const listener = vscode.tasks.onDidEndTaskProcess((event) => {
      if (event.execution === execution) {
        listener.dispose();
        resolve(event.exitCode);
      }
    });
  });
}
