/** A model for the server: a key in VS Code's secret storage, an address, a model's name. */
import * as vscode from "vscode";
import type { Agent } from "../agent";
import { keyName } from "../launch";
import { command, type LocalServer } from "../lsp_ext";
import { ask } from "./words";

type Way = vscode.QuickPickItem & { run: () => Promise<boolean> };

/** Ask how; resolves to whether something changed, so that the server must be started anew. */
export async function connect(agent: Agent, secrets: vscode.SecretStorage): Promise<boolean> {
  const ways: Way[] = [
    ...(await onThisMachine(agent)),
    { label: "$(key) API key …", description: "kept in the secret storage", run: () => setKey(secrets) },
    { label: "$(globe) Gateway or other model server …", description: "its address", run: setAddress },
    { label: "$(symbol-constant) Model …", description: "its id", run: setModel },
    { label: "$(trash) Forget the API key", run: () => forgetKey(secrets) },
  ];
  const chosen = await vscode.window.showQuickPick(ways, { title: "Connect a model" });
  return (await chosen?.run()) ?? false;
}

/** The model servers that answer here: the server tries their usual ports, now and never unasked. */
async function onThisMachine(agent: Agent): Promise<Way[]> {
  if (!agent.running) {
    return [];
  }
  const answer = await agent.execute<{ servers: LocalServer[] }>(command.connect, { find: true });
  return (answer?.servers ?? []).map((server) => ({
    label: `$(vm) ${server.name} on this machine`,
    description: server.baseUrl,
    detail: server.models.length > 0 ? server.models.join(", ") : "no model loaded",
    run: () => useLocal(server),
  }));
}

async function useLocal(server: LocalServer): Promise<boolean> {
  const [only, ...others] = server.models;
  const model =
    others.length === 0
      ? only
      : await vscode.window.showQuickPick(server.models, { title: `Model of ${server.name}` });
  if (model === undefined && server.models.length > 0) {
    return false;
  }
  if (model === undefined) {
    await setModel();
  } else {
    await stored("models", { ...models(), work: model });
  }
  await stored("baseUrl", server.baseUrl);
  return false; // another address starts the server anew by itself
}

async function setKey(secrets: vscode.SecretStorage): Promise<boolean> {
  const key = await ask({
    title: "API key",
    prompt: "Goes to the server by its environment",
    password: true,
  });
  if (key === undefined) {
    return false;
  }
  await secrets.store(keyName, key);
  const { work } = models();
  if (typeof work !== "string" || work === "") {
    await setModel();
  }
  return true;
}

async function forgetKey(secrets: vscode.SecretStorage): Promise<boolean> {
  await secrets.delete(keyName);
  return true;
}

async function setAddress(): Promise<boolean> {
  const value = vscode.workspace.getConfiguration("agentLs").get("baseUrl", "");
  const address = await ask({
    title: "Where requests go",
    prompt: "https://…, or http://127.0.0.1:…",
    value,
  });
  if (address !== undefined) {
    await stored("baseUrl", address);
  }
  return false; // it starts the server anew by itself
}

async function setModel(): Promise<boolean> {
  const { work } = models();
  const value = typeof work === "string" ? work : "";
  const id = await ask({ title: "Model for delegated work", prompt: "The model's id", value });
  return id !== undefined && stored("models", { ...models(), work: id });
}

function models(): Record<string, unknown> {
  return vscode.workspace.getConfiguration("agentLs").get("models", {});
}

async function stored(name: string, value: unknown): Promise<boolean> {
  await vscode.workspace.getConfiguration("agentLs").update(name, value, vscode.ConfigurationTarget.Global);
  return true;
}
