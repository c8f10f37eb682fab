/** A model for the server: a key in VS Code's secret storage, an address, a model's name. */
import * as vscode from "vscode";
import { keyName } from "../launch";
import { ask } from "./words";

type Way = vscode.QuickPickItem & { run: () => Promise<boolean> };

/** Ask how; resolves to whether something changed, so that the server must be started anew. */
export async function connect(secrets: vscode.SecretStorage): Promise<boolean> {
  const ways: Way[] = [
    { label: "$(key) API key …", description: "kept in the secret storage", run: () => setKey(secrets) },
    { label: "$(globe) Gateway or local model server …", description: "its address", run: setAddress },
    { label: "$(symbol-constant) Model …", description: "its id", run: setModel },
    { label: "$(trash) Forget the API key", run: () => forgetKey(secrets) },
  ];
  const chosen = await vscode.window.showQuickPick(ways, { title: "Connect a model" });
  return (await chosen?.run()) ?? false;
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
  return address !== undefined && stored("baseUrl", address);
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
