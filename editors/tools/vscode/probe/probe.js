// Answers on a loopback port, one JSON object per request; PROBE_PORT names the port.

const { createServer } = require("node:http");
const { join } = require("node:path");
const vscode = require("vscode");

const root = () => vscode.workspace.workspaceFolders[0].uri.fsPath;
const uriOf = (path) => vscode.Uri.file(join(root(), path));

const answers = {
  /** The buffer of an open document; null if it is not open. */
  buffer({ path }) {
    const document = vscode.workspace.textDocuments.find((one) => one.uri.fsPath === join(root(), path));
    return document === undefined ? null : { text: document.getText(), dirty: document.isDirty };
  },
  /** The text of the first open document whose uri contains these words. */
  page({ words }) {
    const found = vscode.workspace.textDocuments.find((one) => one.uri.toString(true).includes(words));
    return found?.getText() ?? null;
  },
  async hover({ path, line, character }) {
    const at = new vscode.Position(line, character);
    const found = await vscode.commands.executeCommand("vscode.executeHoverProvider", uriOf(path), at);
    return found.flatMap((hover) => hover.contents.map((part) => part.value ?? part));
  },
  async actions({ path, line, character }) {
    const range = new vscode.Range(line, character, line, character);
    const found = await vscode.commands.executeCommand(
      "vscode.executeCodeActionProvider",
      uriOf(path),
      range,
    );
    return found.map(({ title }) => ({ title }));
  },
  async open({ path, line = 0, character = 0 }) {
    const document = await vscode.workspace.openTextDocument(uriOf(path));
    const editor = await vscode.window.showTextDocument(document, { preview: false });
    editor.selection = new vscode.Selection(line, character, line, character);
    return document.uri.toString();
  },
  /** From a line and character to another, in a text that is shown. */
  select({ path, from, to }) {
    const shown = vscode.window.visibleTextEditors.find(
      (one) => one.document.uri.fsPath === join(root(), path),
    );
    shown.selection = new vscode.Selection(...from, ...to);
    return true;
  },
  /** What a user types at a place, as one edit of the buffer. */
  async type({ path, line, character, text }) {
    const edit = new vscode.WorkspaceEdit();
    edit.insert(uriOf(path), new vscode.Position(line, character), text);
    return vscode.workspace.applyEdit(edit);
  },
  command: ({ name, args = [] }) => vscode.commands.executeCommand(name, ...args),
  commands: async () => vscode.commands.getCommands(true),
  active: ({ id }) => vscode.extensions.getExtension(id)?.isActive ?? null,
  /** One of the user's own settings. */
  async setting({ name, value }) {
    await vscode.workspace.getConfiguration().update(name, value, vscode.ConfigurationTarget.Global);
  },
  async saveAll() {
    return vscode.workspace.saveAll(false);
  },
  diagnostics: ({ path }) =>
    vscode.languages.getDiagnostics(uriOf(path)).map(({ source, message, severity }) => ({
      source,
      message,
      severity,
    })),
};

exports.activate = (context) => {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const asked = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    try {
      response.end(JSON.stringify({ value: (await answers[asked.do](asked)) ?? null }));
    } catch (error) {
      response.end(JSON.stringify({ error: String(error.stack ?? error) }));
    }
  }).listen(Number(process.env.PROBE_PORT), "127.0.0.1");
  context.subscriptions.push({ dispose: () => server.close() });
};
