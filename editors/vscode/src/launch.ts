/** Which server is started, and what it is told by environment: the key is in no file and in no setting. */
import { join } from "node:path";
import * as vscode from "vscode";
import type { Program } from "./agent";
import { type Environment, ownEnvironment } from "./environment";
import { findServer, onPath, type Places } from "./find";

export const keyName = "agentLs.apiKey";

export class Launch {
  readonly #context: vscode.ExtensionContext;

  constructor(context: vscode.ExtensionContext) {
    this.#context = context;
  }

  /** The server to start, or the sentence that says why there is none. */
  async program(): Promise<Program | { problem: string }> {
    const found = findServer({
      setting: machine("serverPath"),
      own: this.own("python3").program,
      ...places(),
    });
    return "problem" in found ? found : { program: found.program, environment: await this.#environment() };
  }

  /** The environment that this extension makes; `python` makes it. */
  own(python: string): Environment {
    const folder = join(this.#context.globalStorageUri.fsPath, "server");
    return ownEnvironment(folder, python, machine("package"));
  }

  async #environment(): Promise<Record<string, string>> {
    const key = await this.#context.secrets.get(keyName);
    const address = machine("baseUrl");
    return {
      ...(key === undefined ? {} : { ANTHROPIC_API_KEY: key }),
      ...(address === "" ? {} : { ANTHROPIC_BASE_URL: address }),
    };
  }
}

/** Every Python on `PATH`, outside of the workspace, newest first. */
export function pythons(): string[] {
  const names = ["python3.14", "python3.13", "python3.12", "python3.11", "python3", "python"];
  return names.flatMap((name) => onPath(name, places()).slice(0, 1));
}

/** A setting that only the user can make: those of a workspace are not even looked at. */
export function machine(name: string): string {
  const told = vscode.workspace.getConfiguration("agentLs").inspect<string>(name);
  const value = told?.globalValue ?? told?.defaultValue ?? "";
  return typeof value === "string" ? value : "";
}

function places(): Omit<Places, "setting" | "own"> {
  const folders = (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
  return { path: process.env.PATH ?? "", folders };
}
