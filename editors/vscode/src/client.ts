/** The language client, a file of its own: it is ten times larger than the rest and loaded after activation. */
export { LanguageClient, State } from "vscode-languageclient/node";
