/** The running server: started, asked, ended. */
import { mkdirSync } from "node:fs";
import * as vscode from "vscode";
import type { LanguageClient, LanguageClientOptions, Middleware } from "vscode-languageclient/node";
import { Jobs } from "./jobs";
import { command, type Job, type JobChanged, jobChanged, type ShowPlan, showPlan } from "./lsp_ext";
import { type Misfit, misfit } from "./version";

/** `State.Stopped`: the client itself is not loaded before it is started. */
const stopped = 1;
const startingUp = 3;
const patienceMs = 10_000;
const mostRestarts = 4;
const refreshMs = 50;

export interface Hooks {
  /** What is known of the jobs has changed. */
  changed: () => void;
  /** The server wants a plan to be reviewed. */
  showPlan: (jobId: string) => void;
  /** Where the program is and what it is told by environment; nothing where there is none. */
  program: () => Promise<Program | undefined>;
  /** The server runs, but is of another version: what is wrong with it. */
  unfit: (misfit: Misfit) => void;
  /** The server ended by itself and runs again. */
  revived: () => void;
  middleware: Middleware;
}

export interface Program {
  program: string;
  environment: Record<string, string>;
}

export class Agent implements vscode.Disposable {
  readonly jobs: Jobs;
  readonly log: vscode.LogOutputChannel;
  readonly #storage: string;
  readonly #version: string;
  readonly #hooks: Hooks;
  #client: LanguageClient | undefined;
  #starting: Promise<void> | undefined;
  #later: NodeJS.Timeout | undefined;

  constructor(context: vscode.ExtensionContext, hooks: Hooks) {
    this.jobs = new Jobs(hooks.changed);
    this.log = vscode.window.createOutputChannel("agent-ls", { log: true });
    this.#storage = context.globalStorageUri.fsPath;
    this.#version = String((context.extension.packageJSON as { version: unknown }).version);
    this.#hooks = hooks;
  }

  get running(): boolean {
    return this.#client?.isRunning() ?? false;
  }

  /** Start the server, for the first time or again, and learn of its jobs. */
  async start(): Promise<void> {
    const starting = this.stop().then(() => this.#start());
    this.#starting = starting;
    await starting;
    if (starting === this.#starting && this.running) {
      await this.refresh();
    }
  }

  async #start(): Promise<void> {
    const found = await this.#hooks.program();
    if (found === undefined) {
      return;
    }
    // Not the workspace: nothing planted there may be found by the server's own start.
    mkdirSync(this.#storage, { recursive: true });
    const options: LanguageClientOptions = {
      documentSelector: [{ scheme: "file" }],
      initializationOptions: { events: true, prompts: true, review: true },
      outputChannel: this.log,
      markdown: { isTrusted: false, supportHtml: false },
      synchronize: { configurationSection: "agentLs" },
      connectionOptions: { maxRestartCount: mostRestarts },
      middleware: this.#hooks.middleware,
    };
    const server = {
      command: found.program,
      args: ["serve"],
      options: { cwd: this.#storage, env: { ...process.env, ...found.environment } },
    };
    const { LanguageClient, State } = await import("./client.js");
    const client = new LanguageClient("agentLs", "agent-ls", server, options);
    this.#client = client;
    client.onNotification(jobChanged, (news: JobChanged) => this.#changed(client, news));
    client.onNotification(showPlan, ({ jobId }: ShowPlan) => this.#hooks.showPlan(jobId));
    try {
      await client.start();
      this.#greet(client);
      client.onDidChangeState(({ newState }) => {
        if (newState === State.Running) {
          void this.refresh().then(this.#hooks.revived);
        }
      });
    } catch (error) {
      void this.#failed(found.program, error);
    }
  }

  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.jobs.reset();
    if (client?.state === startingUp) {
      // The client refuses to be stopped while it starts; one that never answers is not waited for.
      const late = new Promise((resolve) => setTimeout(resolve, patienceMs));
      await Promise.race([client.start().catch(() => undefined), late]);
    }
    await client?.dispose().catch((error: unknown) => this.log.warn(String(error)));
  }

  /** Run one of the server's commands; the server's own sentence is shown where it refuses. */
  async execute<Result>(name: string, argument: object): Promise<Result | undefined> {
    // Whoever asks while it starts, for the first time or again, gets an answer a little later.
    await this.#starting;
    const client = this.#client;
    if (client === undefined || client.state === stopped) {
      // Not awaited, here and below: nobody waits until a notice is closed.
      void vscode.window.showWarningMessage("agent-ls is not running. Agent: Restart the Server starts it.");
      return undefined;
    }
    try {
      await client.start();
      return await client.sendRequest<Result>("workspace/executeCommand", {
        command: name,
        arguments: [argument],
      });
    } catch (error) {
      // What a server took with it when it ended is told once, when it runs again.
      if (client.isRunning()) {
        void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
      }
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
    clearTimeout(this.#later);
    void this.stop();
    this.log.dispose();
  }

  /** The notification says where a job stands; its files and its question are in the list. */
  #changed(client: LanguageClient, news: JobChanged): void {
    if (client !== this.#client) {
      return; // last words of a server that is being stopped
    }
    const before = this.jobs.get(news.jobId)?.state;
    this.jobs.update(news);
    if (before !== news.state) {
      this.#later ??= setTimeout(() => {
        this.#later = undefined;
        if (this.running) {
          void this.refresh();
        }
      }, refreshMs);
    }
  }

  #greet(client: LanguageClient): void {
    const found = misfit(this.#version, client.initializeResult?.serverInfo?.version);
    if (found !== undefined) {
      this.log.warn(found.sentence);
      this.#hooks.unfit(found);
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
