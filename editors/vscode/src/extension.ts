/** Everything is built here, by hand. The server decides; this asks and renders. */
import * as vscode from "vscode";
import { Agent } from "./agent";
import type { Verb } from "./jobs";
import { Launch } from "./launch";
import { execute, type Parts } from "./menu";
import { settingsOf } from "./settings";
import { Actions } from "./ui/act";
import { connect } from "./ui/connect";
import { Delegation } from "./ui/delegate";
import { Explaining } from "./ui/explain";
import type { HunkNode } from "./ui/hunk_tree";
import { installServer, offerInstall, offerUpdate } from "./ui/install";
import { type JobNode, JobTree } from "./ui/job_tree";
import { pickJob } from "./ui/jobs";
import { Marks } from "./ui/marks";
import { Pages } from "./ui/pages";
import { Review } from "./ui/review";
import { revived } from "./ui/revived";
import { Status } from "./ui/status";
import { trust } from "./ui/trust";

const missing = "agentLs.missing";
const present = "agentLs.present";
const verbs: readonly Verb[] = [
  "answer",
  "review",
  "apply",
  "undo",
  "discard",
  "tell",
  "resume",
  "cancel",
  "retry",
];

let agent: Agent | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const launch = new Launch(context);
  const status = new Status();
  const pages = new Pages();
  const started: Agent = new Agent(context, {
    changed: () => {
      status.show(started.jobs);
      tree.draw();
      marks.draw();
      void review.jobsChanged();
    },
    showPlan: (jobId) => void review.open(jobId),
    program: async () => {
      const found = await launch.program();
      const lacks = "problem" in found;
      await vscode.commands.executeCommand("setContext", missing, lacks);
      await vscode.commands.executeCommand("setContext", present, !lacks);
      if (lacks) {
        started.log.error(found.problem);
        void again(offerInstall(launch, found.problem));
      }
      return lacks ? undefined : found;
    },
    unfit: (misfit) => void again(offerUpdate(launch, misfit)),
    revived: () => void revived(started.jobs),
    middleware: {
      // Asked when a text has changed, and when the server says that its lenses have.
      provideCodeLenses: (document, token, next) => {
        marks.draw();
        return next(document, token);
      },
      executeCommand: (name, given, next) => execute(parts, name, given, next),
      workspace: { configuration: settingsOf },
    },
  });
  const marks = new Marks(started);
  const explaining = new Explaining(started, pages);
  const tree = new JobTree(started.jobs);
  const review = new Review(started);
  const parts: Parts = {
    agent: started,
    actions: new Actions(started, pages),
    delegation: new Delegation(started, context.workspaceState),
    explaining,
    connect: () => again(connect(started, context.secrets)),
  };
  agent = started;

  /** Start anew once something has been changed that the server is told at its start. */
  async function again(change: Promise<boolean>): Promise<void> {
    if (await change) {
      await started.start();
    }
  }

  const commands: Record<string, () => unknown> = {
    "agentLs.ui.delegate": () => parts.delegation.here(),
    "agentLs.ui.explain": () => explaining.here(),
    "agentLs.ui.explain.again": () => explaining.again(),
    "agentLs.ui.jobs": () => pickJob(started, parts.actions),
    "agentLs.ui.jobs.refresh": () => started.refresh(),
    "agentLs.ui.trust": () => trust(started),
    "agentLs.ui.connect": parts.connect,
    "agentLs.ui.install": () => again(installServer(launch)),
    "agentLs.ui.restart": () => started.start(),
    "agentLs.ui.log": () => started.log.show(),
    "agentLs.ui.review.apply": () => review.apply(),
    "agentLs.ui.review.discard": () => review.discard(),
    "agentLs.ui.review.acceptAll": () => review.all(true),
    "agentLs.ui.review.rejectAll": () => review.all(false),
    "agentLs.ui.review.toggle": () => review.toggle(),
  };
  const register = vscode.commands.registerCommand;
  const onJob =
    (run: (job: NonNullable<ReturnType<typeof started.jobs.get>>) => unknown) => (node?: JobNode) => {
      const job = started.jobs.get(node?.jobId ?? "");
      return job === undefined ? pickJob(started, parts.actions) : run(job);
    };
  context.subscriptions.push(
    started,
    status,
    pages,
    tree,
    marks,
    review,
    register("agentLs.ui.explain.folder", (folder?: vscode.Uri) => explaining.folder(folder)),
    ...Object.entries(commands).map(([name, run]) => register(name, run)),
    ...verbs.map((verb) =>
      register(
        `agentLs.ui.job.${verb}`,
        onJob((job) => parts.actions.act(job, verb)),
      ),
    ),
    register(
      "agentLs.ui.job.details",
      onJob((job) => parts.actions.details(job)),
    ),
    // Not in the palette: hunks in the tree run them.
    register("agentLs.ui.review.rework", (node: HunkNode) => review.rework(node)),
    register("agentLs.ui.review.show", (path: string, id: string) => review.show(path, id)),
    vscode.workspace.onDidChangeConfiguration((change) =>
      ["serverPath", "baseUrl"].some((name) => change.affectsConfiguration(`agentLs.${name}`))
        ? started.start()
        : undefined,
    ),
  );
  // Not awaited: activation must not wait for a process.
  void started.start();
}

export async function deactivate(): Promise<void> {
  await agent?.stop();
  agent = undefined;
}
