/** The running server: started, asked, ended. */
import { mkdirSync } from "node:fs";
import { delimiter } from "node:path";
import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions, type Middleware } from "vscode-languageclient/node";
import { findServer } from "./find";
import { Jobs } from "./jobs";
import { command, type Job, jobChanged, showPlan } from "./lsp_ext";

const documentation = "agent-ls needs its server: `pipx install agent-ls`";

export interface Hooks {
  /** What is known of the jobs has changed. */
  changed: () => void;
  /** The server wants a plan to be reviewed. */
  showPlan: (jobId: string) => void;
  middleware: Middleware;
}

export class Agent implements vscode.Disposable {
  readonly jobs: Jobs;
  readonly log: vscode.LogOutputChannel;
  readonly #storage: string;
  readonly #middleware: Middleware;
  readonly #showPlan: (jobId: string) => void;
  #client: LanguageClient | undefined;

  constructor(storage: vscode.Uri, hooks: Hooks) {
    this.jobs = new Jobs(hooks.changed);
    this.log = vscode.window.createOutputChannel("agent-ls", { log: true });
    this.#storage = storage.fsPath;
    this.#middleware = hooks.middleware;
    this.#showPlan = hooks.showPlan;
  }

  get running(): boolean {
    return this.#client?.isRunning() ?? false;
  }

  async start(): Promise<void> {
    const folders = (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
    const found = findServer({
      setting: vscode.workspace.getConfiguration("agentLs").get("serverPath", ""),
      path: process.env.PATH ?? "",
      folders,
    });
    if ("problem" in found) {
      await this.#notFound(found.problem);
      return;
    }
    // Not the workspace: nothing planted there may be found by the server's own start.
    mkdirSync(this.#storage, { recursive: true });
    const options: LanguageClientOptions = {
      documentSelector: [{ scheme: "file" }],
      initializationOptions: { events: true, prompts: true, review: true },
      outputChannel: this.log,
      markdown: { isTrusted: false, supportHtml: false },
      middleware: this.#middleware,
    };
    const server = { command: found.program, args: ["serve"], options: { cwd: this.#storage } };
    this.#client = new LanguageClient("agentLs", "agent-ls", server, options);
    this.#client.onNotification(jobChanged, (news) => this.jobs.update(news));
    this.#client.onNotification(showPlan, ({ jobId }) => this.#showPlan(jobId));
    try {
      await this.#client.start();
      await this.refresh();
    } catch (error) {
      await this.#failed(found.program, error);
    }
  }

  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.jobs.reset();
    await client?.dispose();
  }

  /** Run one of the server's commands; the server's own sentence is shown where it refuses. */
  async execute<Result>(name: string, argument: object): Promise<Result | undefined> {
    if (this.#client === undefined || !this.#client.isRunning()) {
      await vscode.window.showWarningMessage("agent-ls is not running. Agent: Restart the Server starts it.");
      return undefined;
    }
    try {
      return await this.#client.sendRequest<Result>("workspace/executeCommand", {
        command: name,
        arguments: [argument],
      });
    } catch (error) {
      await vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  /** The uri as the server knows it. */
  uri(document: vscode.TextDocument | vscode.Uri): string {
    const uri = "uri" in document ? document.uri : document;
    return this.#client?.code2ProtocolConverter.asUri(uri) ?? uri.toString();
  }

  async refresh(): Promise<Job[]> {
    const answer = await this.execute<{ jobs: Job[] }>(command.jobs, {});
    if (answer !== undefined) {
      this.jobs.reset(answer.jobs);
    }
    return this.jobs.list();
  }

  dispose(): void {
    void this.stop();
    this.log.dispose();
  }

  async #notFound(problem: string): Promise<void> {
    this.log.error(`${problem} PATH=${(process.env.PATH ?? "").split(delimiter).join(" ")}`);
    const settings = "Open Setting";
    const chosen = await vscode.window.showErrorMessage(
      `${problem} ${documentation}, or name it in the setting agentLs.serverPath.`,
      settings,
    );
    if (chosen === settings) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "agentLs.serverPath");
    }
  }

  async #failed(program: string, error: unknown): Promise<void> {
    const show = "Show the Log";
    const reason = error instanceof Error ? error.message : String(error);
    const chosen = await vscode.window.showErrorMessage(
      `${program} did not start: ${reason}. \`agent-ls doctor\` in a terminal says what is missing.`,
      show,
    );
    if (chosen === show) {
      this.log.show();
    }
  }
}
