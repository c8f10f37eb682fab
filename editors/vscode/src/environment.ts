/** The server's own Python environment: the commands that make it, and what pip must know of the network. */
import { join } from "node:path";

export interface Environment {
  /** The server's program, once the commands have run. */
  program: string;
  /** To be run one after the other; each is a list of words. */
  commands: string[][];
}

/** `python` makes a virtual environment in `folder`; `what` is what pip is asked for. */
export function ownEnvironment(
  folder: string,
  python: string,
  what: string,
  platform: NodeJS.Platform = process.platform,
): Environment {
  const windows = platform === "win32";
  const programs = join(folder, windows ? "Scripts" : "bin");
  const inside = (name: string): string => join(programs, windows ? `${name}.exe` : name);
  return {
    program: inside("agent-ls"),
    commands: [
      [python, "-m", "venv", "--clear", folder],
      [inside("python"), "-m", "pip", "install", "--disable-pip-version-check", what],
    ],
  };
}

/** For people, and as one line that can be pasted. */
export function shown(commands: readonly (readonly string[])[]): string {
  return commands.map((words) => words.map(quoted).join(" ")).join(" && ");
}

/** What pip needs besides the environment of now: the editor's proxy, and the CA that Node was told of. */
export function networkOf(environment: NodeJS.ProcessEnv, proxy: string | undefined): Record<string, string> {
  const has = (name: string): boolean => (environment[name] ?? environment[name.toLowerCase()] ?? "") !== "";
  const made: Record<string, string> = {};
  if (proxy !== undefined && proxy !== "" && !has("HTTPS_PROXY")) {
    made.HTTPS_PROXY = proxy;
    made.HTTP_PROXY = proxy;
  }
  const authority = environment.NODE_EXTRA_CA_CERTS ?? "";
  if (authority !== "" && !has("PIP_CERT") && !has("REQUESTS_CA_BUNDLE")) {
    made.PIP_CERT = authority;
  }
  return made;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./\\-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
